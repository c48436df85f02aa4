#pragma once
/// Flows of bytes over routes of links, on the simulated clock.
///
/// Called by the simulation: start() when blocks begin to move, advance() at next_event(), which gives the flows that
/// ended. A flow goes through three phases: waiting (for another flow that it names, and for its turn on every fifo link
/// of its route), set-up (the route's latencies once, plus per-operation cost times operations), moving (its bytes at its
/// rate). A fifo direction serves one flow at a time, in the order of start(), from set-up to end. On fair directions and
/// under duplex caps the moving flows share max-min fairly; a flow's own ceiling is the least of bandwidth * x/(x + half)
/// over its links, x being bytes/operations. Progressive filling: repeat { for every constraint c, share(c) = capacity
/// left / flows not yet frozen; freeze the flows of the tightest constraint (or at their ceiling) at that rate }.
/// Rates are solved again only when a flow starts or stops moving. The end of a flow is its remaining bytes over its rate,
/// rounded to the nearest nanosecond; bytes sent equal bytes received, exactly, as integers.
/// Ties: flows that end together end in the order of their start. Cost: O(moving flows x constraints) per change; no
/// allocation in steady state (slots are used again).
#include <cstdint>
#include <span>
#include <vector>

#include "hw/topology.hpp"
#include "sim/core/ids.hpp"
#include "sim/core/units.hpp"

namespace tiersim {

struct FlowRequest {
  std::span<const LinkId> route;     ///< not empty; must outlive the flow (routes of a Topology do)
  Bytes bytes;                       ///< 0 is allowed: the flow takes its set-up time
  Operations operations{1};          ///< fragments
  FlowId after = FlowId::none();     ///< a live flow that must have ended before this one starts waiting for links
  std::uint64_t tag = 0;             ///< the caller's, returned when the flow ends
  bool record_progress = false;      ///< keep the (time, bytes) points at which its rate changed
};

/// A point of a flow's progress: `bytes` had arrived at `time`; linear in between.
struct ProgressPoint {
  Time time;
  double bytes = 0;
};

struct EndedFlow {
  FlowId id;
  std::uint64_t tag = 0;
  Time started;
  Time moving;                          ///< when its first byte moved
  Bytes bytes;
  std::span<const LinkId> route;
  std::vector<ProgressPoint> progress;  ///< if asked for
};

/// What one direction of a link has done so far.
struct LinkUse {
  Bytes bytes;          ///< of ended flows
  Duration busy;        ///< time with at least one flow in set-up or moving on it
  std::int64_t flows = 0;
};

class TransferEngine {
 public:
  explicit TransferEngine(const hw::Topology& topology);
  /// The same machine without cost: every flow ends at the instant of its start (the free-transfers reference).
  void set_free(bool free);

  FlowId start(const FlowRequest& request, Time now);
  /// When advance() must be called next; Time::never() with no live flow.
  [[nodiscard]] Time next_event() const { return next_event_; }
  /// Moves the flows to `now` (<= next_event()) and appends those that ended to `ended`. Ended flows' ids are free again.
  void advance(Time now, std::vector<EndedFlow>& ended);

  /// How long this transfer would take if started now, with links as busy as they are: queue ahead on fifo links plus
  /// set-up plus bytes at the max-min share that it would get. An estimate; changes nothing.
  [[nodiscard]] Duration estimate(const FlowRequest& request, Time now) const;

  [[nodiscard]] std::span<const LinkUse> use() const { return use_; }  ///< by LinkId, up to the last advance()
  [[nodiscard]] std::size_t live() const;
  [[nodiscard]] Bytes bytes_started() const;  ///< sum over flows of bytes x links of the route
  [[nodiscard]] Bytes bytes_ended() const;

 private:
  // (the helper's design)
  Time next_event_ = Time::never();
  std::vector<LinkUse> use_;
};

}  // namespace tiersim
