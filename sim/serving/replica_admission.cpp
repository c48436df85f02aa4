// The waiting queue of a replica: who may enter the batch, what of the prefix is found where, and what is loaded first.
#include <algorithm>

#include "sim/core/diagnostics.hpp"
#include "sim/serving/replica.hpp"

namespace tiersim {

std::int64_t Replica::total_tokens(const Sequence& s) const {
  return workload_.prompt(s.request) + state_.generated[s.request.index()];
}

SlotId Replica::slot_for(RequestId request) {
  SlotId& slot = slot_of_[request.index()];
  if (!slot.is_none()) return slot;
  if (free_slots_.empty()) {
    free_slots_.push_back(SlotId(slots_.size()));
    slots_.emplace_back();
  }
  slot = free_slots_.back();
  free_slots_.pop_back();
  Sequence& s = slots_[slot.index()];
  s.request = request;
  s.stage = Stage::waiting;
  s.names.clear();
  s.frames.clear();
  s.kept.clear();
  s.computed = s.lost = s.most_computed = 0;
  s.waits = 0;
  workload_.append_blocks(
      request, workload_.named_blocks(request, workload_.prompt(request) + workload_.output(request)), s.names);
  return slot;
}

bool Replica::is_loaded(RequestId request) const {
  const SlotId slot = slot_of_[request.index()];
  return !slot.is_none() && slots_[slot.index()].stage == Stage::loaded;
}

bool Replica::is_queued(RequestId request) const {
  const SlotId slot = slot_of_[request.index()];
  return slot.is_none() || slots_[slot.index()].stage == Stage::waiting;
}

void Replica::admit(std::int64_t budget, Time now) {
  while (!waiting_.empty() && budget > 0) {
    if (running_count_ >= settings_.max_sequences) {
      admission_blocked_ = true;
      return;
    }
    const SlotId slot = slot_for(waiting_.front());
    Admission result = try_admit(slot, budget, now);
    if (result == Admission::blocked && running_count_ == 0 && loading_ == 0) {
      reclaim_loaded(now);
      result = try_admit(slot, budget, now);
    }
    if (result == Admission::blocked) {
      admission_blocked_ = true;
      return;
    }
  }
}

Replica::Admission Replica::try_admit(SlotId slot, std::int64_t& budget, Time now) {
  Sequence& s = slots_[slot.index()];
  if (s.stage == Stage::loaded) return join(slot, budget, now) ? Admission::admitted : Admission::blocked;
  if (waits_for_prefetch(slot, now)) return Admission::loading;
  find_prefix(s, plan_, now);
  if (!fits(s, plan_, budget)) return Admission::blocked;
  state_.totals.declined_loads += plan_.declined;
  record_sources(s, plan_);
  pending_.clear();
  take_prefix(slot, plan_, now);
  if (!pending_.empty() && !settings_.layerwise) {
    begin_loading(slot, Tokens(s.computed), now);
    return Admission::loading;
  }
  for (TransferId t : pending_) gate_on(t, t != write_back_);
  if (!pending_.empty()) step_.loaders.push_back(slot);
  const bool joined = join(slot, budget, now);
  ensure(joined, "a request that fits could not join the batch");
  return Admission::admitted;
}

bool Replica::waits_for_prefetch(SlotId slot, Time now) {
  Sequence& s = slots_[slot.index()];
  pending_.clear();
  hierarchy_.prefetches_of(s.request, pending_);
  const std::uint32_t before = workload_.trace().previous(s.request);
  if (before != traces::kNoRequest) hierarchy_.prefetches_of(RequestId(before), pending_);
  if (pending_.empty()) return false;
  s.slowest_tier = 0;
  begin_loading(slot, Tokens(0), now, Stage::fetching);
  return true;
}

/// What of the request's tokens the tiers hold, and whether loading it pays.
void Replica::find_prefix(const Sequence& s, Plan& plan, Time now) {
  plan.runs.clear();
  plan.hits.clear();
  plan.prefix = plan.to_load = plan.unreferenced_hits = 0;
  plan.slowest_tier = 0;
  plan.saved = Duration(0);
  plan.declined = false;
  const std::int64_t most = (total_tokens(s) - 1) / block_;  // at least the last token is computed
  const auto named = std::min<std::int64_t>(most, static_cast<std::int64_t>(s.names.size()));
  plan.prefix = hierarchy_.match(id_, std::span(s.names).first(static_cast<std::size_t>(named)), plan.runs);
  if (plan.runs.size() > 1 || (plan.runs.size() == 1 && plan.runs[0].tier > 0)) keep_what_pays(plan, now);
  for (const PrefixRun& run : plan.runs) {
    if (run.tier > 0) {
      plan.to_load += run.count;
      plan.slowest_tier = std::max(plan.slowest_tier, run.tier);
      continue;
    }
    for (std::uint32_t i = run.begin; i < run.begin + run.count; ++i) plan.hits.push_back(hbm_.frame_of(s.names[i]));
  }
  if (plan.prefix == static_cast<std::int64_t>(s.names.size()) && plan.prefix < most) add_private_hits(s, plan);
  for (FrameId f : plan.hits) plan.unreferenced_hits += hbm_.references(f) == 0;
}

/// Cuts the prefix where HBM's own part ends if loading the rest would take longer than computing it.
void Replica::keep_what_pays(Plan& plan, Time now) {
  const std::int64_t own = plan.runs[0].tier == 0 ? plan.runs[0].count : 0;
  plan.saved = cost_.prefill_alone(Tokens(own * block_), Tokens(plan.prefix * block_), settings_.max_batched_tokens);
  if (settings_.load == LoadWhen::always) return;
  if (hierarchy_.estimate_load(id_, plan.runs, now) < plan.saved) return;
  plan.declined = true;
  plan.runs.resize(own > 0 ? 1 : 0);
  plan.prefix = own;
  plan.saved = Duration(0);
}

/// After a preemption: blocks that only this request can find, as far as they are still what they were.
void Replica::add_private_hits(const Sequence& s, Plan& plan) const {
  const std::int64_t most = std::min((total_tokens(s) - 1) / block_, static_cast<std::int64_t>(s.kept.size()));
  for (std::int64_t i = plan.prefix; i < most; ++i) {
    const FrameId frame = s.kept[static_cast<std::size_t>(i)];
    if (hbm_.block_in(frame) != workload_.private_block(s.request, i)) return;
    plan.hits.push_back(frame);
    ++plan.prefix;
  }
}

bool Replica::fits(const Sequence& s, const Plan& plan, std::int64_t budget) const {
  const std::int64_t total = total_tokens(s);
  const std::int64_t tokens = settings_.reserve_whole_prompt ? total : std::min(total, plan.prefix * block_ + budget);
  const std::int64_t fresh = workload_.blocks_for(tokens) - static_cast<std::int64_t>(plan.hits.size());
  return fresh + plan.unreferenced_hits <= hbm_.available();
}

/// Where this admission finds the prompt: for the first, and for the last so far.
void Replica::record_sources(Sequence& s, const Plan& plan) {
  RequestOutcome& out = state_.requests[s.request.index()];
  const std::int64_t prompt = workload_.prompt(s.request);
  PromptSources sources;
  std::int64_t found = 0;
  const auto credit = [&](std::size_t tier, std::int64_t blocks) {
    const std::int64_t tokens = std::min(blocks * block_, prompt - found);
    sources.tier[tier] += static_cast<std::uint32_t>(tokens);
    found += tokens;
  };
  std::int64_t matched = 0;
  for (const PrefixRun& run : plan.runs) credit(run.tier, run.count), matched += run.count;
  credit(0, plan.prefix - matched);
  const bool first = !out.admitted;
  const std::int64_t recomputed = std::min(computed_before(s, plan, first), prompt - found);
  if (!first) {
    const std::int64_t again = std::max<std::int64_t>(0, s.lost - plan.prefix * block_);
    state_.totals.misses[static_cast<std::size_t>(MissCause::preemption)] += again / block_;
    state_.totals.recomputed_tokens += again;
    out.recomputed_after_preemption += static_cast<std::uint32_t>(again);
  }
  sources.recomputed = static_cast<std::uint32_t>(recomputed);
  sources.fresh = static_cast<std::uint32_t>(prompt - found - recomputed);
  if (first) {
    out.first = sources;
    out.admitted = true;
    out.wanted_blocks = static_cast<std::uint32_t>(prompt / block_);
  }
  out.final = sources;
}

/// How many of the prompt's tokens behind the prefix somebody has computed before. Counts the misses of a first
/// admission.
std::int64_t Replica::computed_before(const Sequence& s, const Plan& plan, bool first) {
  const std::int64_t prompt = workload_.prompt(s.request), own = s.most_computed;
  std::int64_t tokens = std::max<std::int64_t>(0, std::min(own, prompt) - plan.prefix * block_);
  const std::int64_t named = std::min<std::int64_t>((prompt - 1) / block_, static_cast<std::int64_t>(s.names.size()));
  for (std::int64_t i = std::max(plan.prefix, own / block_); i < named; ++i) {
    const MissCause cause = hierarchy_.cause_of(id_, s.names[static_cast<std::size_t>(i)]);
    if (cause != MissCause::compulsory) tokens += block_ - std::max<std::int64_t>(0, own - i * block_);
    if (first) ++state_.totals.misses[static_cast<std::size_t>(cause)];
  }
  return tokens;
}

/// References the frames of HBM that hold the prefix, run by run; private blocks come behind the named.
void Replica::acquire_hits(const Sequence& s, const Plan& plan, Time now) {
  auto left = std::span<const FrameId>(plan.hits);
  for (const PrefixRun& run : plan.runs) {
    if (run.tier > 0) continue;
    hbm_.acquire({left.first(run.count), s.names_of(run), run.begin, s.request}, now);
    left = left.subspan(run.count);
  }
  const auto position = static_cast<std::uint32_t>(plan.prefix) - static_cast<std::uint32_t>(left.size());
  if (!left.empty()) hbm_.acquire({left, {}, position, s.request}, now);
}

/// References the hits, gets frames for what is loaded and starts the loads; pending_ holds what must end first.
void Replica::take_prefix(SlotId slot, const Plan& plan, Time now) {
  Sequence& s = slots_[slot.index()];
  write_back_ = TransferId::none();  // an earlier allocation's is not this one's to wait for
  acquire_hits(s, plan, now);
  const auto wait_for = [&](TransferId t) {
    if (hierarchy_.pending(t) && std::find(pending_.begin(), pending_.end(), t) == pending_.end())
      pending_.push_back(t);
  };
  for (FrameId f : plan.hits) wait_for(hierarchy_.filling(id_, f));
  s.frames.clear();
  s.computed = plan.prefix * block_;
  s.named = plan.prefix;
  s.load_saved = plan.saved;
  s.slowest_tier = plan.slowest_tier;
  if (plan.to_load == 0) {
    s.frames.assign(plan.hits.begin(), plan.hits.end());
    return;
  }
  for (const PrefixRun& run : plan.runs)
    if (run.tier > 0) hierarchy_.hold(s.request, run, s.names_of(run), now);
  std::vector<FrameId> fresh;
  allocate(plan.to_load, fresh, now);
  wait_for(write_back_);
  const TransferId before = write_back_;
  std::size_t hit = 0, used = 0;
  for (const PrefixRun& run : plan.runs) {
    if (run.tier == 0) {
      for (std::uint32_t i = 0; i < run.count; ++i) s.frames.push_back(plan.hits[hit++]);
      continue;
    }
    const auto frames = std::span(fresh).subspan(used, run.count);
    const auto blocks = s.names_of(run);
    wait_for(hierarchy_.load(id_, s.request, run, blocks, frames, before, now, settings_.layerwise));
    hierarchy_.mark_seen(id_, blocks);
    s.frames.insert(s.frames.end(), frames.begin(), frames.end());
    used += run.count;
  }
  while (hit < plan.hits.size()) s.frames.push_back(plan.hits[hit++]);  // private ones, behind the named
}

void Replica::begin_loading(SlotId slot, Tokens prefix, Time now, Stage stage) {
  Sequence& s = slots_[slot.index()];
  for (TransferId t : pending_) hierarchy_.wait(t, {id_, s.request});
  s.waits = static_cast<std::uint32_t>(pending_.size());
  s.stage = stage;
  s.load_begin = now;
  settle(now);
  ++loading_;
  waiting_.pop_front();
  if (observer_ != nullptr) observer_->on_request(RequestEvent::loading, s.request, id_, prefix, now);
}

void Replica::released(const Waiter& waiter, Time now) {
  if (waiter.request.is_none()) {
    if (!waiter.by_layer) step_.ready = now;
    if (--step_.gates == 0) find_end();
    return;
  }
  const RequestId request = waiter.request;
  Sequence& s = slots_[slot_of_[request.index()].index()];
  if (--s.waits > 0) return;
  settle(now);
  --loading_;
  s.stage = s.stage == Stage::fetching ? Stage::waiting : Stage::loaded;
  // At the front, behind those whose blocks were there before.
  auto place = waiting_.begin();
  while (place != waiting_.end() && is_loaded(*place)) ++place;
  waiting_.insert(place, request);
  admission_blocked_ = false;
  RequestOutcome& out = state_.requests[request.index()];
  if (out.scheduled < Time(0)) out.load_wait += now - s.load_begin;
  account_load(s, now - s.load_begin);
  if (observer_ != nullptr) observer_->on_request(RequestEvent::loaded, request, id_, Tokens(s.computed), now);
}

/// A load is over: did it beat recomputing?
void Replica::account_load(Sequence& s, Duration wait) {
  if (s.slowest_tier == 0) return;  // it waited for someone else's load or for room
  Totals& totals = state_.totals;
  ++totals.loads;
  totals.load_wait += wait;
  totals.load_saved += s.load_saved;
  if (wait > s.load_saved) {
    ++totals.lost_loads;
    ++totals.tier_lost_loads[s.slowest_tier];
    totals.lost_time += wait - s.load_saved;
  }
  s.slowest_tier = 0;
}

/// Enters the batch with what its prefix left to compute, as far as the budget goes. False if its blocks are not free.
bool Replica::join(SlotId slot, std::int64_t& budget, Time now) {
  Sequence& s = slots_[slot.index()];
  const std::int64_t total = total_tokens(s);
  const std::int64_t tokens = std::min(total - s.computed, budget);
  const auto held = static_cast<std::int64_t>(s.frames.size());
  const std::int64_t needed = std::max<std::int64_t>(0, workload_.blocks_for(s.computed + tokens) - held);
  const std::int64_t reserved = settings_.reserve_whole_prompt ? workload_.blocks_for(total) - held : needed;
  if (reserved > hbm_.available()) return false;
  if (needed > 0) {
    allocate(needed, s.frames, now);
    if (hierarchy_.pending(write_back_) && !settings_.layerwise) {  // its frames are still being emptied
      pending_.assign(1, write_back_);
      begin_loading(slot, Tokens(s.computed), now);
      return true;
    }
    gate_on(write_back_);
  }
  RequestOutcome& out = state_.requests[s.request.index()];
  if (out.scheduled < Time(0)) out.scheduled = now;
  queued_tokens_ -= workload_.prompt(s.request);
  s.stage = Stage::prefilling;
  s.target = total;
  s.order = next_order_++;
  waiting_.pop_front();
  running_.push_back(slot.value());
  ++running_count_;
  budget -= tokens;
  if (observer_ != nullptr) observer_->on_request(RequestEvent::admitted, s.request, id_, Tokens(s.computed), now);
  schedule_chunk(slot, tokens, now);
  return true;
}

/// Nothing runs, nothing loads and the head does not fit: loaded requests behind it give their frames back.
void Replica::reclaim_loaded(Time now) {
  for (std::size_t i = waiting_.size(); i-- > 1;) {
    if (!is_loaded(waiting_[i])) continue;
    Sequence& s = slots_[slot_of_[waiting_[i].index()].index()];
    release_frames(s, now);
    s.stage = Stage::waiting;
    s.computed = 0;
    ++state_.totals.preemptions;
    ++state_.requests[s.request.index()].preemptions;
  }
}

}  // namespace tiersim
