#pragma once
/// A window into a run, for `tiersim why` and the step-by-step tests: what each step did and what befell requests.
///
/// Called by Replica, and by Simulation for flows, when one is attached; the run is the same with and without. Calls
/// come in the order of simulated time. Spans are valid during the call.
#include <cstdint>
#include <span>

#include "sim/core/ids.hpp"
#include "sim/core/units.hpp"
#include "sim/cost/cost_model.hpp"
#include "sim/memory/hierarchy.hpp"

namespace tiersim {

/// A prefilling sequence's part in a step: tokens [offset, offset + tokens) of its sequence.
struct StepChunk {
  RequestId request;
  Tokens offset, tokens;
  bool last = false;  ///< the prefill ends with this step and a token is produced
};

struct StepRecord {
  ReplicaId replica;
  Time begin, end;
  Duration compute;  ///< without waits for loads
  Batch batch;
  std::span<const StepChunk> chunks;
};

/// A flow that ended: a rank's share of a load or a write, or a move between lower tiers.
struct FlowRecord {
  MoveInfo move;
  Time started;  ///< when it began to wait for its links
  Time moving;   ///< when its first byte moved
  Time ended;
  Bytes bytes;
  std::span<const LinkId> route;
};

enum class RequestEvent { arrived, rejected, loading, loaded, admitted, preempted, completed };

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_step(const StepRecord& step) = 0;
  /// `tokens`: prefix found (loading, admitted), progress lost (preempted), else 0.
  virtual void on_request(RequestEvent event, RequestId request, ReplicaId replica, Tokens tokens, Time now) = 0;
  virtual void on_flow(const FlowRecord&) {}
};

}  // namespace tiersim
