#pragma once
/// Flows of bytes over routes of links, on the simulated clock.
///
/// Called by the simulation: start() when blocks begin to move, advance() at next_event(), which gives the flows that
/// ended. A flow goes through three phases: waiting (for another flow that it names, then for its turn on every fifo
/// link of its route), set-up (the sum of the route's latencies once, plus the sum of its per-operation costs times
/// operations), moving (its bytes at its rate). A fifo direction serves one flow at a time, from set-up to end, in the
/// order in which they came to it: that of start(), but a flow that waits for another comes when that one has ended, so
/// that it holds no link meanwhile. Set-up takes a fifo direction but no share of a fair one. On fair directions and
/// under duplex caps (which fifo directions share too) the moving flows share max-min fairly
/// (sim/transfer/max_min.hpp); a flow's own ceiling, and what it uses of a drive's I/Os per second besides its bytes,
/// are those of sim/transfer/link_limits.hpp, with fragments of bytes/operations. Rates are solved again only when a
/// flow starts or stops moving, or a drive's write cache (sim/transfer/write_cache.hpp) becomes full or empty beside
/// moving flows; such a cache drains as one more flow that shares the drive's flash with those. The end of a flow is
/// its remaining bytes over its rate, rounded to the nearest nanosecond; bytes sent equal bytes received, exactly, as
/// integers. Ties: flows that end together end in the order of their start. Left out: what a fragment of one link
/// overlaps with the next fragment's on another (their per-operation costs add). Call order: start() and advance() with
/// times that never go back and never pass next_event(); several start() at one time are fine, before or after its
/// advance(). Cost: O(1) for start(), O(moving flows x constraints) for an event, O(1) for advance() between events; no
/// allocation in steady state (slots are used again; recorded progress is the caller's). Times beyond 2^62 ns (146
/// years) are held there.
#include <cstdint>
#include <span>
#include <vector>

#include "hw/topology.hpp"
#include "sim/core/ids.hpp"
#include "sim/core/units.hpp"
#include "sim/transfer/max_min.hpp"
#include "sim/transfer/ring_queue.hpp"
#include "sim/transfer/write_cache.hpp"

namespace tiersim {

struct FlowRequest {
  std::span<const LinkId> route;  ///< not empty, distinct; must outlive the flow (routes of a Topology do)
  Bytes bytes{};                  ///< 0 is allowed: the flow takes its set-up time
  Operations operations{1};       ///< fragments
  FlowId after = FlowId::none();  ///< a live flow that must have ended before this one starts waiting for links
  std::uint64_t tag = 0;          ///< the caller's, returned when the flow ends
  bool record_progress = false;   ///< keep the (time, bytes) points at which its rate changed
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
  Time moving;  ///< when its first byte moved; its end if it had none
  Bytes bytes;
  std::span<const LinkId> route;
  std::vector<ProgressPoint> progress;  ///< if asked for
};

/// What one direction of a link has done so far.
struct LinkUse {
  Bytes bytes;    ///< of ended flows
  Bytes device;   ///< that these moved at the device itself: whole pages, writes as amplified
  Duration busy;  ///< time with at least one flow in set-up or moving on it
  std::int64_t flows = 0;
};

class TransferEngine {
 public:
  explicit TransferEngine(const hw::Topology& topology);
  /// The same machine without cost: every flow ends at the instant of its start (the free-transfers reference). Only
  /// while no flow is live.
  void set_free(bool free);

  FlowId start(const FlowRequest& request, Time now);
  /// When advance() must be called next; Time::never() with no live flow.
  [[nodiscard]] Time next_event() const { return next_event_; }
  /// Moves the flows to `now` (<= next_event()) and appends those that ended to `ended`. Ended flows' ids are free
  /// again.
  void advance(Time now, std::vector<EndedFlow>& ended);

  /// How long this transfer would take if started now, with links as busy as they are: queue ahead on fifo links plus
  /// set-up plus bytes at the max-min share that it would get. An estimate: flows that wait elsewhere or come later are
  /// not foreseen. Changes nothing; O(one event).
  [[nodiscard]] Duration estimate(const FlowRequest& request, Time now) const;

  [[nodiscard]] std::span<const LinkUse> use() const;  ///< by LinkId, up to the last start() or advance()
  [[nodiscard]] std::size_t live() const { return live_; }
  [[nodiscard]] Bytes bytes_started() const {
    return bytes_started_;
  }  ///< sum over flows of bytes x links of the route
  [[nodiscard]] Bytes bytes_ended() const { return bytes_ended_; }
  /// Bytes in a drive's write cache (index as in Topology::media()) when rates were last solved; 0 without one.
  [[nodiscard]] double cached(std::size_t media) const;

 private:
  using Slot = std::uint32_t;
  enum class Phase : std::uint8_t { unused, waiting, setting_up, moving, ended };

  struct Flow {
    std::span<const LinkId> route;
    Bytes bytes;
    Operations operations{1};
    std::uint64_t tag = 0, order = 0;  // order: of start()
    Time started, moving, ready;       // ready: when its set-up ends
    Duration set_up;
    double ceiling = 0;  // bytes per nanosecond, as all rates here
    std::vector<ConstraintIndex> constraints;
    std::vector<double> weights;  // of its constraints; empty: all are 1
    std::vector<ProgressPoint> progress;
    std::uint32_t cache = kNone;    // that it writes into; its last constraints are then the flash's behind it
    std::size_t before_cache = 0;   // constraints that it has while that cache is open
    double paged = 0;               // bytes of whole pages for a byte of it, if it has a cache
    std::uint32_t links_ahead = 0;  // fifo links of its route that still serve others
    Slot after = kNoSlot;
    Slot first_waiter = kNoSlot, last_waiter = kNoSlot, next_waiter = kNoSlot;  // flows whose `after` this is
    Phase phase = Phase::unused;
    bool record_progress = false;
  };

  /// What changes with a flow's rate; beside its FlowShare, so that both are dense.
  struct Moving {
    Slot slot = kNoSlot;
    Time since;       // when `left` and `rate` became true
    double left = 0;  // bytes
    double rate = 0;
    Time ends = Time::never();
  };

  struct LinkState {
    RingQueue<Slot> queue;  // fifo links: the flow being served, then those that wait
    Duration backlog;       // time that those that wait would take unloaded
    std::uint32_t active = 0;
    Time busy_since;  // if active > 0
  };

  /// What a write cache uses of the flash when it drains.
  struct Drain {
    std::vector<ConstraintIndex> constraints;
    std::vector<double> weights;
    double ceiling = 0;
  };

  static constexpr Slot kNoSlot = UINT32_MAX;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  Slot take_slot();
  void describe(Flow& flow, const FlowRequest& request) const;
  /// The constraints of one link of a flow's route but for its media's, and its ceiling there.
  double cross(Flow& flow, const hw::DirectedLink& link, LinkId id, double bytes) const;
  void copy_in_host(Flow& flow, const hw::DirectedLink& link) const;
  void cross_media(Flow& flow, double bytes) const;
  static void add_constraint(Flow& flow, ConstraintIndex constraint, double weight);
  void add_media(std::vector<ConstraintIndex>& constraints, std::vector<double>& weights, std::uint32_t media,
                 double array, double bus) const;
  void add_cache(std::uint32_t media);
  [[nodiscard]] FlowShare share_of(const Flow& flow) const;
  void add_drains(std::vector<FlowShare>& shares) const;
  void solve(Time now);
  bool close_caches();
  [[nodiscard]] Bytes device_bytes(const hw::DirectedLink& link, const Flow& flow) const;
  void wait_for(Slot slot, Slot other);
  void queue_up(Slot slot, Time now);
  void set_up(Slot slot, Time now);
  void collect_due(Time now);
  bool begin_moving(Time now);
  bool stop_moving(Time now);
  void finish(Slot slot, Time now);
  void serve_next(LinkId link, Time now);
  void share_again(Time now);
  [[nodiscard]] Time earliest() const;
  void report(Time now, std::vector<EndedFlow>& ended);
  void enter(LinkId link, Time now);
  void leave(LinkId link, Time now);
  [[nodiscard]] bool is_fifo(LinkId link) const { return links_[link.index()].sharing == hw::Sharing::fifo; }
  void add_backlog(const Flow& flow, std::int64_t sign);
  [[nodiscard]] Duration time_left(Slot slot, Time now) const;
  [[nodiscard]] Duration queue_ahead(std::span<const LinkId> route, Time now) const;
  [[nodiscard]] bool is_ahead(Slot slot, std::span<const LinkId> route) const;
  [[nodiscard]] double share_of_newcomer(const Flow& newcomer) const;

  std::vector<hw::DirectedLink> links_;
  std::vector<hw::MediaSpec> media_;
  ConstraintIndex first_media_ = 0;  // its array's constraint; the next is its bus's
  std::vector<WriteCache> caches_;
  std::vector<Drain> drains_;     // by cache
  std::vector<double> cache_in_;  // by cache: scratch
  std::vector<std::uint32_t> cache_of_media_;
  std::vector<LinkState> states_;
  std::vector<Flow> flows_;  // by FlowId
  std::vector<Slot> unused_;
  std::vector<Slot> setting_up_;
  std::vector<Moving> moving_;
  std::vector<FlowShare> shares_;  // of moving_
  std::vector<Slot> due_, ended_;  // of one advance()
  std::vector<LinkUse> use_;       // without the busy time of links that are busy now
  // Scratch: what these keep between calls is memory, not state.
  mutable MaxMinSolver solver_;
  mutable std::vector<FlowShare> estimate_shares_;
  mutable Flow estimate_flow_;
  mutable std::vector<LinkUse> use_now_;
  Time clock_;
  Time next_event_ = Time::never();
  std::uint64_t starts_ = 0;
  std::size_t live_ = 0;
  Bytes bytes_started_, bytes_ended_;
  bool free_ = false;
};

}  // namespace tiersim
