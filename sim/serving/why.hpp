#pragma once
/// Where one request's time to first token went, to the nanosecond.
///
/// An Observer that follows one request from its arrival to its first token:
///   queue         not admitted, not loading
///   loads         in the loading state, and what the steps it is in wait for loads and write-backs
///   own prefill   what its steps would have cost with its chunk alone, by the cost model
///   interference  the rest of its steps: the chunks and decodes of others
///   preemptions   from each preemption to the next admission, whatever happens in between
/// The five sum to the time to first token exactly: between its arrival and its first token a request waits, loads or
/// has a chunk in every step of its replica. Progress lost to a preemption shows up as own prefill of the steps that
/// repeat it.
///
/// Attached by `tiersim why` to one run, then asked once. Memory and time grow with what happens on the request's
/// replica until its first token; flows of others are kept from its arrival on. Errors: InternalError if the parts do
/// not sum.
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/units.hpp"
#include "sim/cost/cost_model.hpp"
#include "sim/serving/observer.hpp"

namespace tiersim {

struct FirstTokenSplit {
  Duration queue, loads, own_prefill, interference, preemptions;
  [[nodiscard]] Duration total() const { return queue + loads + own_prefill + interference + preemptions; }
};

/// A step that computed a chunk of the request. own + interference + waited = end - begin.
struct MetStep {
  Time begin, end;
  Tokens offset, tokens;  ///< its chunk: [offset, offset + tokens) of its sequence
  std::int64_t other_chunks = 0;
  Tokens other_prefill;  ///< tokens of the other chunks
  std::int64_t decodes = 0;
  Duration own, interference, waited;
};

/// What befell the request, in order: arrived, loading, loaded, admitted, preempted.
struct MetEvent {
  RequestEvent event;
  Tokens tokens;  ///< as Observer::on_request says
  Time at;
};

/// A flow of one of the request's loads.
struct MetFlow {
  std::size_t source = 0;  ///< tier
  Time started, moving, ended;
  Bytes bytes;
  std::vector<LinkId> route;
  std::int64_t sharing = 0;  ///< other flows that used one of these links between start and end
  Bytes sharing_bytes;       ///< of those, in whole
};

struct FirstTokenStory {
  RequestId request;
  ReplicaId replica;
  bool arrived = false, rejected = false;
  bool finished = false;  ///< its first token has come
  Time arrival, first_token;
  std::int64_t waiting_ahead = 0, running_ahead = 0;  ///< on its replica when it arrived
  std::int64_t steps_while_queued = 0;
  FirstTokenSplit split;
  std::vector<MetEvent> events;
  std::vector<MetStep> steps;
  std::vector<MetFlow> flows;
};

class FirstTokenObserver final : public Observer {
 public:
  /// `cost` is a model like the run's own, and outlives this.
  FirstTokenObserver(RequestId request, CostModel& cost) : cost_(cost) { story_.request = request; }

  void on_step(const StepRecord& step) override;
  void on_request(RequestEvent event, RequestId request, ReplicaId replica, Tokens tokens, Time now) override;
  void on_flow(const FlowRecord& flow) override;

  /// Nothing more can change the story: the first token is there, or the request was rejected.
  [[nodiscard]] bool settled() const { return story_.finished || story_.rejected; }
  [[nodiscard]] FirstTokenStory story() const;

 private:
  enum class State : std::uint8_t { absent, queued, loading, running, preempted, done };
  struct Crowd {
    std::int64_t waiting = 0, running = 0;
  };

  void count(RequestEvent event, Crowd& crowd);
  void enter(State state, Time now);
  void meet(const StepRecord& step, const StepChunk& chunk);

  CostModel& cost_;
  FirstTokenStory story_;
  State state_ = State::absent;
  Time since_;                   // of state_
  std::vector<Crowd> crowds_;    // by replica
  std::vector<MetFlow> others_;  // flows of others, since the arrival
};

}  // namespace tiersim
