#include "sim/serving/simulation.hpp"

#include <algorithm>

#include "sim/core/diagnostics.hpp"
#include "sim/core/registry.hpp"

namespace tiersim {
namespace {

// Events that are no arrivals; of one instant they come after them.
constexpr std::uint32_t kPrefetch = 1U << 31;  // plus the request that it is for
constexpr std::uint32_t kWindowOpens = UINT32_MAX - 3;
constexpr std::uint32_t kWindowCloses = UINT32_MAX - 2;

hw::PlaceId host_of(const hw::Topology& topology) {
  for (std::size_t p = 0; p < topology.places(); ++p)
    if (topology.name(hw::PlaceId(p)) == "host") return hw::PlaceId(p);
  throw InternalError("a topology without a host");
}

}  // namespace

Simulation::Simulation(const ServingSettings& settings, const traces::Trace& trace, SimulationHooks hooks)
    : settings_(settings),
      topology_(settings.machine),
      workload_(trace, settings.block),
      arrivals_(workload_.trace(), settings.load),
      turns_(traces::turns_of(workload_.trace())),
      transfers_(topology_),
      hierarchy_(make_hierarchy(), topology_, transfers_),
      cost_(settings.model, settings.machine, settings.profile, settings.ranks, settings.engine.captured),
      router_(Registry<Router>::instance().make(
          settings.router.name, {static_cast<std::size_t>(settings.replicas), settings.router.parameters})),
      hooks_(std::move(hooks)),
      dirty_(static_cast<std::size_t>(settings.replicas)),
      loads_(static_cast<std::size_t>(settings.replicas)) {
  state_.requests.resize(trace.size());
  state_.generated.resize(trace.size());
  for (std::size_t r = 0; r < trace.size(); ++r) {
    state_.requests[r].prompt = trace.prompt_tokens(RequestId(r));
    state_.requests[r].output = trace.output_tokens(RequestId(r));
  }
  for (std::size_t i = 0; i < dirty_.size(); ++i)
    replicas_.push_back(std::make_unique<Replica>(ReplicaId(i), settings_.engine, workload_, cost_, hierarchy_, state_,
                                                  hooks_.observer));
  if (hierarchy_.tiers() > 1 && settings_.placement.name != "waterfall") set_placement();
  if (hierarchy_.tiers() > 2 && settings_.prefetch.name != "none")
    prefetch_ = Registry<PrefetchPolicy>::instance().make(
        settings_.prefetch.name, {settings_.prefetch.parameters, workload_.trace().columns().previous});
}

const PrefixTree& Simulation::tree(std::uint32_t chunk) {
  return trees_.try_emplace(chunk, workload_.trace(), settings_.block * chunk).first->second;
}

std::unique_ptr<EvictionPolicy> Simulation::make_eviction(const PolicyChoice& choice, std::size_t frames,
                                                          std::uint32_t chunk) {
  return Registry<EvictionPolicy>::instance().make(
      choice.name, {frames, choice.parameters, settings_.seed, workload_.distinct_blocks() / chunk,
                    settings_.block * chunk, turns_, [this, chunk]() -> const PrefixTree& { return tree(chunk); }});
}

LowerTierSetup Simulation::make_lower(const LowerTierSettings& tier) {
  const bool unlimited = settings_.reference == Reference::infinite;
  const std::uint32_t chunk = tier.chunk;
  const std::size_t contents = workload_.distinct_blocks() / chunk;
  const std::int64_t capacity = tier.capacity / tier.chunk_bytes();
  const std::size_t frames = Tier::frames_needed(capacity, contents, unlimited, false);
  LowerTierSetup lower;
  lower.name = tier.name;
  lower.tier = std::make_unique<Tier>(TierSetup{unlimited ? static_cast<std::int64_t>(frames) : capacity, contents,
                                                unlimited, make_eviction(tier.eviction, frames, chunk)},
                                      frames);
  lower.admission = Registry<AdmissionPolicy>::instance().make(
      tier.admission.name, {contents, tier.admission.parameters, settings_.block * chunk,
                            [this, chunk]() -> const PrefixTree& { return tree(chunk); }});
  lower.write = tier.write;
  lower.exclusive = tier.exclusive;
  lower.inclusive = tier.inclusive;
  lower.pins = {tier.pin_after, static_cast<std::int64_t>(tier.pin_share * static_cast<double>(capacity))};
  lower.staged = tier.staged;
  lower.fragments = tier.fragments;
  lower.chunk = chunk;
  lower.block_bytes = tier.block_bytes;
  lower.backlog = tier.backlog;
  lower.min_tokens = tier.min_tokens;
  lower.place = topology_.storage(tier.storage);
  return lower;
}

Hierarchy::Setup Simulation::make_hierarchy() {
  Hierarchy::Setup setup;
  const bool unlimited = settings_.reference == Reference::infinite;
  setup.named_blocks = workload_.distinct_blocks();
  setup.block_tokens = settings_.block;
  setup.host = host_of(topology_);
  setup.free_transfers = settings_.reference == Reference::free_transfers;
  const std::int64_t gpus = settings_.ranks.gpus();
  for (std::int64_t i = 0; i < settings_.replicas; ++i) {
    const std::size_t frames = Tier::frames_needed(settings_.hbm.blocks, workload_.all_blocks(), unlimited, true);
    setup.hbm.push_back(std::make_unique<Tier>(TierSetup{settings_.hbm.blocks, setup.named_blocks, unlimited,
                                                         make_eviction(settings_.hbm.eviction, frames, 1)},
                                               frames));
    std::vector<hw::PlaceId>& ranks = setup.ranks.emplace_back();
    for (std::int64_t k = 0; k < gpus; ++k) ranks.push_back(topology_.gpu(i * gpus + k));
  }
  if (settings_.reference == Reference::no_lower_tiers || setup.named_blocks == 0) return setup;
  for (const LowerTierSettings& tier : settings_.lower) setup.lower.push_back(make_lower(tier));
  setup.feeds = settings_.feeds;
  return setup;
}

/// Tells the placement policy what its tiers cost: a block's share of a long load with idle links, and of a step that
/// is as large as steps get.
void Simulation::set_placement() {
  constexpr std::uint32_t kLongLoad = 64;  // chunks
  PlacementSetup setup{settings_.placement.parameters, workload_.distinct_blocks(), {}, {PlaceOffer{Bytes(1), 0}}, {}};
  setup.feeds.assign(hierarchy_.feeds().begin(), hierarchy_.feeds().end());
  for (std::size_t t = 1; t < hierarchy_.tiers(); ++t) {
    const PrefixRun run{t, 0, kLongLoad * hierarchy_.lower(t).chunk};
    const Duration load = hierarchy_.estimate_load(ReplicaId(0), {&run, 1}, Time(0));
    const LowerTierSetup& tier = hierarchy_.lower(t);
    setup.offers.push_back(
        {tier.block_bytes, static_cast<double>(load.value()) * 1e-9 / run.count, tier.write == WriteMode::back});
  }
  setup.recompute = [this](BlockId block) {
    const std::int64_t tokens = settings_.engine.max_batched_tokens.value();
    const std::int64_t position = tree(1).position(block.value()) * settings_.block.value();
    const auto step = static_cast<std::size_t>(position / tokens);  // steps of a whole budget share one time
    while (step_seconds_.size() <= step) {
      const auto from = static_cast<std::int64_t>(step_seconds_.size()) * tokens;
      const Duration time = cost_.prefill_alone(Tokens(from), Tokens(from + tokens), Tokens(tokens));
      step_seconds_.push_back(static_cast<double>(time.value()) * 1e-9);
    }
    return step_seconds_[step] * static_cast<double>(settings_.block.value()) / static_cast<double>(tokens);
  };
  hierarchy_.set_placement(Registry<PlacementPolicy>::instance().make(settings_.placement.name, setup));
}

/// The next thing that is not the end of a step, nor a sample: that something happens.
Time Simulation::next_from_outside() const {
  const Time arrival = cursor_ < arrivals_.scheduled().size() ? arrivals_.scheduled()[cursor_].time : Time::never();
  return std::min({arrival, queue_.next_time(), transfers_.next_event()});
}

Time Simulation::next_instant() const {
  Time next = next_from_outside();
  for (const auto& r : replicas_) next = std::min(next, r->step_end());
  ensure(next != Time::never(), "the run stands still with requests left");
  return std::min(next, next_sample_);
}

/// Lets the replica whose step ends first leap until the next thing happens elsewhere, as long as that brings anything.
/// So replicas take turns in the order of time: what one does to shared tiers and links never precedes the others.
void Simulation::leap() {
  if (!settings_.engine.leaps || hooks_.observer != nullptr) return;
  while (true) {
    Replica* first = nullptr;
    Time end = Time::never(), until = std::min(next_from_outside(), next_sample_);
    for (const auto& r : replicas_) {
      if (r->step_end() < end) {
        until = std::min(until, end);
        end = r->step_end();
        first = r.get();
      } else {
        until = std::min(until, r->step_end());
      }
    }
    if (end >= until) return;
    first->leap(until);
    if (first->step_end() == end) return;
  }
}

ServingOutcome Simulation::run() {
  const std::size_t requests = state_.requests.size();
  const WindowSettings& window = settings_.window;
  if (window.warm_up_time > Duration(0)) {
    queue_.push({Time(0) + window.warm_up_time, kWindowOpens});
  } else if (window.warm_up_requests == 0) {
    open_window(Time(0));
  }
  if (window.drain_time > Duration(0) && arrivals_.last() != Time::never())
    queue_.push({std::max(Time(0), arrivals_.last() - window.drain_time), kWindowCloses});
  sample(Time(0));
  Time now;
  std::size_t reported = 0;
  while (done_ < requests) {
    leap();
    now = next_instant();
    handle_instant(now);
    if (hooks_.progress && done_ - reported >= 256) hooks_.progress(reported = done_, now);
    if (hooks_.stop != nullptr && hooks_.stop->load(std::memory_order_relaxed)) break;
  }
  outcome_.finished = done_ == requests;
  while (outcome_.finished && transfers_.next_event() != Time::never()) {  // writes that outlive the last token
    now = transfers_.next_event();
    flows_end(now);
  }
  close_window(now);
  outcome_.whole = totals_at(now);
  if (outcome_.series.empty() || outcome_.series.back().at != now) sample(now);
  if (outcome_.finished) check_conservation();
  outcome_.hbm_capacity.assign(replicas_.size(), settings_.hbm.blocks);
  outcome_.tier_capacity.push_back(settings_.hbm.blocks * settings_.replicas);
  for (std::size_t t = 1; t < hierarchy_.tiers(); ++t)
    outcome_.tier_capacity.push_back(hierarchy_.lower(t).tier->capacity() * hierarchy_.lower(t).chunk);
  outcome_.gaps.assign(state_.gaps.begin() + static_cast<std::ptrdiff_t>(gaps_begin_),
                       state_.gaps.begin() + static_cast<std::ptrdiff_t>(gaps_end_));
  outcome_.requests = std::move(state_.requests);
  return std::move(outcome_);
}

/// Everything that happens at one instant, then scheduling, until the instant has nothing left.
void Simulation::handle_instant(Time now) {
  if (transfers_.next_event() <= now) flows_end(now);
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    if (replicas_[i]->step_end() != now) continue;
    replicas_[i]->end_step(now);
    dirty_[i] = 1;
    ++state_.totals.events;
  }
  take_completed(now);
  while (next_arrival(now)) {
  }
  if (next_sample_ <= now) sample(now);
  schedule_replicas(now);
}

/// Takes the next thing of the arrival class at this instant, by id, whether known in advance or not.
bool Simulation::next_arrival(Time now) {
  const std::vector<Arrival>& scheduled = arrivals_.scheduled();
  const bool listed = cursor_ < scheduled.size() && scheduled[cursor_].time <= now;
  const bool queued = !queue_.empty() && queue_.next_time() <= now;
  if (!listed && !queued) return false;
  if (listed && (!queued || scheduled[cursor_].request.value() < queue_.top().entity)) {
    arrive(scheduled[cursor_++].request, now);
    return true;
  }
  const Event event = queue_.pop();
  if (event.entity == kWindowOpens) {
    open_window(now);
  } else if (event.entity == kWindowCloses) {
    close_window(now);
  } else if (event.entity >= kPrefetch) {
    prefetch(RequestId(event.entity - kPrefetch), now);
  } else {
    arrive(RequestId(event.entity), now);
  }
  return true;
}

void Simulation::flows_end(Time now) {
  ended_.clear();
  released_.clear();
  transfers_.advance(now, ended_);
  for (const EndedFlow& flow : ended_) {
    ++state_.totals.events;
    const TransferId transfer(static_cast<std::uint32_t>(flow.tag));
    const ReplicaId replica = hierarchy_.replica_of(transfer);
    if (hooks_.observer != nullptr)
      hooks_.observer->on_flow({hierarchy_.move_of(transfer), flow.started, flow.moving, now, flow.bytes, flow.route});
    if (!flow.progress.empty()) replicas_[replica.index()]->on_load_progress(flow);
    hierarchy_.on_flow_end(flow, now, released_);
    if (!replica.is_none()) {
      replicas_[replica.index()]->frames_came_back();
      dirty_[replica.index()] = 1;
    }
  }
  for (const Waiter& w : released_) {
    replicas_[w.replica.index()]->released(w, now);
    dirty_[w.replica.index()] = 1;
  }
}

void Simulation::arrive(RequestId request, Time now) {
  ++state_.totals.events;
  RequestOutcome& out = state_.requests[request.index()];
  out.arrival = now;
  const WindowSettings& window = settings_.window;
  const auto number = static_cast<std::int64_t>(arrived_++);
  const auto total = static_cast<std::int64_t>(state_.requests.size());
  if (!window_open_ && window.warm_up_requests > 0 && number >= window.warm_up_requests) open_window(now);
  if (window.drain_requests > 0 && !window_closed_ && number >= total - window.drain_requests) close_window(now);
  out.measured = window_open_ && !window_closed_;
  for (std::size_t i = 0; i < replicas_.size(); ++i) loads_[i] = replicas_[i]->load();
  const ReplicaId to = replicas_.size() == 1 ? ReplicaId(0) : router_->route(request, loads_);
  if (prefetch_) plan_prefetch(request, prefetch_->on_arrival(request, now));
  if (replicas_[to.index()]->enqueue(request, now)) {
    dirty_[to.index()] = 1;
    return;
  }
  ended(request, now);
}

/// A request is over: others may come because of it.
void Simulation::ended(RequestId request, Time now) {
  ++done_;
  next_arrivals_.clear();
  arrivals_.after(request, now, next_arrivals_);
  for (const Arrival& next : next_arrivals_) queue_.push({next.time, next.request.value()});
}

void Simulation::take_completed(Time now) {
  for (RequestId r : state_.completed) {
    if (prefetch_) plan_prefetch(r, prefetch_->on_completion(r, now));
    ended(r, now);
  }
  state_.completed.clear();
}

void Simulation::plan_prefetch(RequestId request, Time at) {
  if (at != Time::never()) queue_.push({at, kPrefetch + request.value()});
}

/// Of a request that is complete all that a next turn would extend; of one that still waits its prompt; else nothing.
void Simulation::prefetch(RequestId request, Time now) {
  const RequestOutcome& out = state_.requests[request.index()];
  const bool completed = out.status == RequestStatus::completed;
  if (out.status == RequestStatus::rejected || (!completed && !replicas_[out.replica]->is_queued(request))) return;
  std::vector<BlockId> blocks;
  const std::int64_t tokens = workload_.prompt(request) + (completed ? workload_.output(request) : 0);
  workload_.append_blocks(request, workload_.named_blocks(request, tokens), blocks);
  hierarchy_.prefetch(request, blocks, now);
}

void Simulation::schedule_replicas(Time now) {
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    if (dirty_[i] == 0) continue;
    dirty_[i] = 0;
    if (!replicas_[i]->stepping()) replicas_[i]->schedule(now);
  }
}

void Simulation::sample(Time now) {
  SeriesPoint point;
  point.at = now;
  for (const auto& r : replicas_)
    point.running += r->running(), point.waiting += r->waiting(), point.loading += r->loading();
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    const Tier& hbm = hierarchy_.hbm(ReplicaId(i));
    point.resident[0] += hbm.resident();
    point.hbm_referenced += hbm.referenced();
  }
  for (std::size_t t = 1; t < hierarchy_.tiers(); ++t)
    point.resident[t] = hierarchy_.lower(t).tier->resident() * hierarchy_.lower(t).chunk;
  point.tokens_out = state_.totals.tokens_out;
  point.tokens_prefilled = state_.totals.tokens_prefilled;
  outcome_.series.push_back(point);
  if (settings_.sample_every > Duration(0)) next_sample_ = now + settings_.sample_every;
}

Totals Simulation::totals_at(Time now) {
  for (const auto& r : replicas_) r->settle(now);
  Totals totals = state_.totals;
  totals.at = now;
  for (std::size_t i = 0; i < replicas_.size(); ++i) totals.evicted[0] += hierarchy_.hbm(ReplicaId(i)).evicted();
  for (std::size_t t = 1; t < hierarchy_.tiers(); ++t) {
    totals.tiers[t] = hierarchy_.use(t);
    totals.evicted[t] = hierarchy_.lower(t).tier->evicted() * hierarchy_.lower(t).chunk;
  }
  totals.links.assign(transfers_.use().begin(), transfers_.use().end());
  return totals;
}

void Simulation::open_window(Time now) {
  if (window_open_) return;
  window_open_ = true;
  state_.gaps.push_back({0, 0});  // so that no gap from before is lengthened
  gaps_begin_ = state_.gaps.size();
  outcome_.begin = totals_at(now);
}

void Simulation::close_window(Time now) {
  if (window_closed_) return;
  open_window(now);  // a window that would close before it opens is empty
  window_closed_ = true;
  gaps_end_ = state_.gaps.size();
  state_.gaps.push_back({0, 0});
  outcome_.end = totals_at(now);
}

/// What must hold at the end of any run, whatever happened in it.
void Simulation::check_conservation() const {
  hierarchy_.check_conservation();
  ensure(transfers_.bytes_started() == transfers_.bytes_ended(), "bytes sent are not bytes received");
  std::int64_t asked = 0;
  for (const RequestOutcome& r : state_.requests) {
    if (r.status == RequestStatus::rejected) continue;
    ensure(r.status == RequestStatus::completed, "a request was left behind");
    asked += r.output;
    for (const PromptSources* s : {&r.first, &r.final}) {
      std::uint64_t sum = std::uint64_t{s->recomputed} + s->fresh;
      for (std::uint32_t t : s->tier) sum += t;
      ensure(sum == r.prompt, "the sources of a prompt do not sum to it");
    }
  }
  ensure(asked == state_.totals.tokens_out, "tokens produced are not the tokens asked for");
}

}  // namespace tiersim
