#include "sim/transfer/transfer_engine.hpp"

#include <algorithm>
#include <type_traits>

#include "sim/core/diagnostics.hpp"
#include "sim/transfer/link_limits.hpp"

namespace tiersim {
namespace {

constexpr double kHorizon = 4.0e18;  // ns; sums of two stay below 2^63

Duration nanoseconds(double ns) { return Duration(static_cast<std::int64_t>(std::min(ns + 0.5, kHorizon))); }

Time later(Time from, Duration by) {
  const auto sum = static_cast<double>(from.value()) + static_cast<double>(by.value());
  return sum < kHorizon ? from + by : Time(static_cast<std::int64_t>(kHorizon));
}

/// Capacities by constraint: the links in their order (of which only fair ones are used), then the duplex caps, then
/// array and bus (of which only stated ones are used) of each drive's media.
std::vector<double> capacities_of(const hw::Topology& topology) {
  std::vector<double> out;
  for (const hw::DirectedLink& link : topology.links()) out.push_back(per_nanosecond(link.bandwidth));
  for (BytesPerSecond cap : topology.duplex_caps()) out.push_back(per_nanosecond(cap));
  for (const hw::MediaSpec& media : topology.media()) {
    out.push_back(per_nanosecond(media.array));
    out.push_back(per_nanosecond(media.bus));
  }
  return out;
}

/// A flow's set-up (or what is left of it) and its bytes at its ceiling.
Duration unloaded(Duration set_up, Bytes bytes, double ceiling) {
  return bytes > Bytes(0) ? set_up + nanoseconds(static_cast<double>(bytes.value()) / ceiling) : set_up;
}

}  // namespace

TransferEngine::TransferEngine(const hw::Topology& topology)
    : links_(topology.links().begin(), topology.links().end()),
      media_(topology.media().begin(), topology.media().end()),
      first_media_(static_cast<ConstraintIndex>(links_.size() + topology.duplex_caps().size())),
      cache_of_media_(media_.size(), kNone),
      states_(links_.size()),
      use_(links_.size()),
      solver_(capacities_of(topology)) {
  for (std::uint32_t m = 0; m < media_.size(); ++m)
    if (media_[m].cache > Bytes(0)) add_cache(m);
  cache_in_.resize(caches_.size());
}

void TransferEngine::set_free(bool free) {
  ensure(live_ == 0, "free transfers switched while flows are live");
  free_ = free;
}

// ---- starting

FlowId TransferEngine::start(const FlowRequest& request, Time now) {
  ensure(clock_ <= now && now <= next_event_, "a flow started at a time that was passed or not yet reached");
  clock_ = now;
  const Slot slot = take_slot();
  Flow& flow = flows_[slot];
  describe(flow, request);
  flow.tag = request.tag;
  flow.order = starts_++;
  flow.started = now;
  flow.record_progress = request.record_progress;
  bytes_started_ += request.bytes * static_cast<std::int64_t>(request.route.size());
  if (request.after.is_none()) {
    queue_up(slot, now);
  } else {
    wait_for(slot, request.after.value());
  }
  return FlowId(slot);
}

TransferEngine::Slot TransferEngine::take_slot() {
  ++live_;
  if (unused_.empty()) {
    flows_.emplace_back();
    return static_cast<Slot>(flows_.size() - 1);
  }
  const Slot slot = unused_.back();
  unused_.pop_back();
  return slot;
}

/// Everything that follows from the request and the links alone.
void TransferEngine::describe(Flow& flow, const FlowRequest& request) const {
  static_assert(std::is_nothrow_move_constructible_v<Flow>, "spans over constraints survive the growth of flows_");
  ensure(!request.route.empty() && request.bytes >= Bytes(0) && request.operations > Operations(0),
         "a flow needs a route, bytes of at least 0 and operations of at least 1");
  flow.route = request.route;
  flow.bytes = request.bytes;
  flow.operations = request.operations;
  flow.constraints.clear();
  flow.weights.clear();
  flow.cache = kNone;
  const auto operations = static_cast<double>(request.operations.value());
  const double bytes = std::max(1.0, static_cast<double>(request.bytes.value()));
  double set_up = 0;
  flow.ceiling = kHorizon;
  for (LinkId id : request.route) {
    const hw::DirectedLink& link = links_[id.index()];
    set_up += static_cast<double>(link.latency.value()) + static_cast<double>(link.per_operation.value()) * operations;
    flow.ceiling = std::min(flow.ceiling, cross(flow, link, id, bytes));
  }
  if (!media_.empty()) cross_media(flow, bytes);
  flow.set_up = free_ ? Duration(0) : nanoseconds(set_up);
}

double TransferEngine::cross(Flow& flow, const hw::DirectedLink& link, LinkId id, double bytes) const {
  const hw::MediaSpec* media = link.media == kNone ? nullptr : &media_[link.media];
  const LinkLimits limits = limits_of(link, bytes, static_cast<double>(flow.operations.value()), media);
  if (link.sharing == hw::Sharing::fair) add_constraint(flow, id.value(), limits.weight);
  if (link.duplex != UINT32_MAX) add_constraint(flow, static_cast<ConstraintIndex>(links_.size()) + link.duplex, 1);
  if (link.staging.value() <= 0) return limits.ceiling;
  copy_in_host(flow, link);
  return std::min(limits.ceiling, per_nanosecond(link.staging));
}

/// The copy of pageable memory: its bytes are read and written in DRAM once more.
void TransferEngine::copy_in_host(Flow& flow, const hw::DirectedLink& link) const {
  if (link.dram.is_none()) return;
  for (const LinkId id : {link.dram, LinkId(link.dram.value() + 1)}) {
    const hw::DirectedLink& dram = links_[id.index()];
    if (dram.sharing == hw::Sharing::fair) add_constraint(flow, id.value(), 1);
    if (dram.duplex != UINT32_MAX) add_constraint(flow, static_cast<ConstraintIndex>(links_.size()) + dram.duplex, 1);
  }
}

/// Weights are kept only for flows that have one other than 1.
void TransferEngine::add_constraint(Flow& flow, ConstraintIndex constraint, double weight) {
  if (weight != 1 && flow.weights.empty()) flow.weights.assign(flow.constraints.size(), 1.0);
  flow.constraints.push_back(constraint);
  if (weight != 1 || !flow.weights.empty()) flow.weights.push_back(weight);
}

void TransferEngine::wait_for(Slot slot, Slot other) {
  ensure(other < flows_.size() && flows_[other].phase != Phase::unused, "a flow waits for one that is not live");
  flows_[slot].phase = Phase::waiting;
  flows_[slot].after = other;
  Flow& first = flows_[other];
  (first.first_waiter == kNoSlot ? first.first_waiter : flows_[first.last_waiter].next_waiter) = slot;
  first.last_waiter = slot;
}

/// Takes its place on every fifo link of its route; goes on to set-up if it is the first on all.
void TransferEngine::queue_up(Slot slot, Time now) {
  Flow& flow = flows_[slot];
  flow.phase = Phase::waiting;
  flow.after = kNoSlot;
  flow.links_ahead = 0;
  if (!free_) {
    for (LinkId link : flow.route) {
      if (!is_fifo(link)) continue;
      RingQueue<Slot>& queue = states_[link.index()].queue;
      if (!queue.empty()) ++flow.links_ahead;
      queue.push(slot);
    }
  }
  if (flow.links_ahead == 0) {
    set_up(slot, now);
  } else {
    add_backlog(flow, +1);
  }
}

void TransferEngine::set_up(Slot slot, Time now) {
  Flow& flow = flows_[slot];
  flow.phase = Phase::setting_up;
  flow.ready = later(now, flow.set_up);
  for (LinkId link : flow.route) enter(link, now);
  setting_up_.push_back(slot);
  next_event_ = std::min(next_event_, flow.ready);
}

// ---- advancing

void TransferEngine::advance(Time now, std::vector<EndedFlow>& ended) {
  ensure(clock_ <= now && now <= next_event_,
         "transfers advanced to a time that was passed or beyond their next event");
  clock_ = now;
  if (now < next_event_) return;
  do {  // more than once only where a flow takes no time at all
    due_.clear();
    bool changed = stop_moving(now);
    changed |= begin_moving(now);
    for (const WriteCache& cache : caches_) changed |= cache.changes() <= now;
    std::sort(due_.begin(), due_.end(), [&](Slot a, Slot b) { return flows_[a].order < flows_[b].order; });
    for (Slot slot : due_) finish(slot, now);
    if (changed) share_again(now);
    next_event_ = earliest();
  } while (next_event_ <= now);
  report(now, ended);
}

/// Takes the flows whose last byte has arrived out of the sharing; true if there were any.
bool TransferEngine::stop_moving(Time now) {
  const std::size_t before = moving_.size();
  for (std::size_t i = 0; i < moving_.size();) {
    if (moving_[i].ends > now) {
      ++i;
      continue;
    }
    due_.push_back(moving_[i].slot);
    moving_[i] = moving_.back();
    shares_[i] = shares_.back();
    moving_.pop_back();
    shares_.pop_back();
  }
  return moving_.size() < before;
}

/// Lets the flows whose set-up is over move; those without bytes are due at once. True if any moves.
bool TransferEngine::begin_moving(Time now) {
  const std::size_t before = moving_.size();
  for (std::size_t i = 0; i < setting_up_.size();) {
    const Slot slot = setting_up_[i];
    Flow& flow = flows_[slot];
    if (flow.ready > now) {
      ++i;
      continue;
    }
    setting_up_[i] = setting_up_.back();
    setting_up_.pop_back();
    flow.moving = now;
    if (flow.record_progress) flow.progress.push_back({now, 0});
    if (free_ || flow.bytes == Bytes(0)) {
      due_.push_back(slot);
      continue;
    }
    flow.phase = Phase::moving;
    moving_.push_back({.slot = slot, .since = now, .left = static_cast<double>(flow.bytes.value())});
    shares_.push_back(share_of(flow));
  }
  return moving_.size() > before;
}

/// Gives up the flow's links and lets those that waited for it or for them go on.
void TransferEngine::finish(Slot slot, Time now) {
  flows_[slot].phase = Phase::ended;
  ended_.push_back(slot);
  for (LinkId link : flows_[slot].route) {
    leave(link, now);
    LinkUse& use = use_[link.index()];
    use.bytes += flows_[slot].bytes;
    use.device += device_bytes(links_[link.index()], flows_[slot]);
    ++use.flows;
    if (!free_ && is_fifo(link)) serve_next(link, now);
  }
  for (Slot waiter = flows_[slot].first_waiter; waiter != kNoSlot; waiter = flows_[waiter].next_waiter) {
    queue_up(waiter, now);
  }
}

void TransferEngine::serve_next(LinkId link, Time now) {
  RingQueue<Slot>& queue = states_[link.index()].queue;
  queue.pop();
  if (queue.empty()) return;
  Flow& next = flows_[queue.front()];
  if (--next.links_ahead > 0) return;
  add_backlog(next, -1);
  set_up(queue.front(), now);
}

/// Solves the rates again and settles what moved so far for every flow whose rate changed.
void TransferEngine::share_again(Time now) {
  solve(now);
  for (std::size_t i = 0; i < moving_.size(); ++i) {
    Moving& m = moving_[i];
    if (shares_[i].rate == m.rate) continue;
    m.left = std::max(0.0, m.left - m.rate * static_cast<double>((now - m.since).value()));
    m.rate = shares_[i].rate;
    m.since = now;
    m.ends = later(now, nanoseconds(m.left / m.rate));
    Flow& flow = flows_[m.slot];
    if (flow.record_progress && flow.progress.back().time < now) {
      flow.progress.push_back({now, static_cast<double>(flow.bytes.value()) - m.left});
    }
  }
}

Time TransferEngine::earliest() const {
  Time first = Time::never();
  for (const WriteCache& cache : caches_) first = std::min(first, cache.changes());
  for (const Moving& m : moving_) first = std::min(first, m.ends);
  for (Slot slot : setting_up_) first = std::min(first, flows_[slot].ready);
  return first;
}

void TransferEngine::report(Time now, std::vector<EndedFlow>& ended) {
  std::sort(ended_.begin(), ended_.end(), [&](Slot a, Slot b) { return flows_[a].order < flows_[b].order; });
  for (Slot slot : ended_) {
    Flow& flow = flows_[slot];
    if (flow.record_progress) flow.progress.push_back({now, static_cast<double>(flow.bytes.value())});
    ended.push_back(
        {FlowId(slot), flow.tag, flow.started, flow.moving, flow.bytes, flow.route, std::move(flow.progress)});
    bytes_ended_ += flow.bytes * static_cast<std::int64_t>(flow.route.size());
    flow.progress.clear();
    flow.first_waiter = flow.last_waiter = flow.next_waiter = kNoSlot;
    flow.phase = Phase::unused;
    unused_.push_back(slot);
  }
  live_ -= ended_.size();
  ended_.clear();
}

// ---- use of the links

void TransferEngine::enter(LinkId link, Time now) {
  LinkState& state = states_[link.index()];
  if (state.active++ == 0) state.busy_since = now;
}

void TransferEngine::leave(LinkId link, Time now) {
  LinkState& state = states_[link.index()];
  if (--state.active == 0) use_[link.index()].busy += now - state.busy_since;
}

std::span<const LinkUse> TransferEngine::use() const {
  use_now_ = use_;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (states_[i].active > 0) use_now_[i].busy += clock_ - states_[i].busy_since;
  }
  return use_now_;
}

// ---- estimates

Duration TransferEngine::estimate(const FlowRequest& request, Time now) const {
  Flow& flow = estimate_flow_;
  describe(flow, request);
  if (free_) return Duration(0);
  Duration wait = queue_ahead(request.route, now);
  if (!request.after.is_none()) wait = std::max(wait, time_left(request.after.value(), now));
  if (request.bytes == Bytes(0)) return wait + flow.set_up;
  return wait + flow.set_up + nanoseconds(static_cast<double>(request.bytes.value()) / share_of_newcomer(flow));
}

void TransferEngine::add_backlog(const Flow& flow, std::int64_t sign) {
  for (LinkId link : flow.route) {
    if (is_fifo(link)) states_[link.index()].backlog += sign * unloaded(flow.set_up, flow.bytes, flow.ceiling);
  }
}

/// Until this flow ends, if nothing else comes.
Duration TransferEngine::time_left(Slot slot, Time now) const {
  const Flow& flow = flows_[slot];
  switch (flow.phase) {
    case Phase::moving:
      for (const Moving& m : moving_) {
        if (m.slot == slot) return m.ends - now;
      }
      return Duration(0);
    case Phase::setting_up:
      return unloaded(flow.ready - now, flow.bytes, flow.ceiling);
    case Phase::waiting:
      if (flow.after == kNoSlot) return queue_ahead(flow.route, now);  // itself included
      return time_left(flow.after, now) + unloaded(flow.set_up, flow.bytes, flow.ceiling);
    default:
      return Duration(0);
  }
}

/// Until a flow that comes now is first on every fifo link of the route.
Duration TransferEngine::queue_ahead(std::span<const LinkId> route, Time now) const {
  Duration longest(0);
  for (LinkId link : route) {
    const LinkState& state = states_[link.index()];
    if (state.queue.empty()) continue;
    const Slot served = state.queue.front();
    const bool waits = flows_[served].phase == Phase::waiting;  // for another link: the backlog counts it
    longest = std::max(longest, state.backlog + (waits ? Duration(0) : time_left(served, now)));
  }
  return longest;
}

/// Whether this flow is being served by a fifo link of the route: it will be gone when a newcomer moves.
bool TransferEngine::is_ahead(Slot slot, std::span<const LinkId> route) const {
  return std::any_of(route.begin(), route.end(), [&](LinkId link) {
    const RingQueue<Slot>& queue = states_[link.index()].queue;
    return !queue.empty() && queue.front() == slot;
  });
}

/// The rate of a flow that moves beside those that move now or are in set-up.
double TransferEngine::share_of_newcomer(const Flow& newcomer) const {
  estimate_shares_.clear();
  const auto add = [&](const Flow& flow) { estimate_shares_.push_back(share_of(flow)); };
  for (const Moving& m : moving_) {
    if (!is_ahead(m.slot, newcomer.route)) add(flows_[m.slot]);
  }
  for (Slot slot : setting_up_) {
    if (flows_[slot].bytes > Bytes(0) && !is_ahead(slot, newcomer.route)) add(flows_[slot]);
  }
  add_drains(estimate_shares_);
  add(newcomer);
  solver_.solve(estimate_shares_);
  return estimate_shares_.back().rate;
}

}  // namespace tiersim
