#include "sim/serving/replica.hpp"

#include <algorithm>

#include "sim/core/diagnostics.hpp"
#include "sim/serving/layerwise.hpp"

namespace tiersim {
namespace {

/// Token gaps are kept run-length coded: the same gap again costs nothing.
void add_gap(std::vector<WeightedSample>& gaps, Duration gap, std::int64_t count) {
  const auto n = static_cast<std::uint32_t>(count);
  if (!gaps.empty() && gaps.back().value == gap.value() && gaps.back().count <= UINT32_MAX - n) {
    gaps.back().count += n;
  } else {
    gaps.push_back({gap.value(), n});
  }
}

}  // namespace

Replica::Replica(ReplicaId id, const EngineSettings& settings, const Workload& workload, CostModel& cost,
                 Hierarchy& hierarchy, ServingState& state, Observer* observer)
    : id_(id),
      settings_(settings),
      workload_(workload),
      cost_(cost),
      hierarchy_(hierarchy),
      hbm_(hierarchy.hbm(id)),
      state_(state),
      observer_(observer),
      block_(workload.block_tokens()),
      slot_of_(workload.size(), SlotId::none()),
      running_(workload.size()),
      decode_(workload.block_tokens(), cost.empty_batch().window) {}

bool Replica::enqueue(RequestId request, Time now) {
  RequestOutcome& out = state_.requests[request.index()];
  out.replica = static_cast<std::uint16_t>(id_.value());
  const bool too_long = workload_.prompt(request) + workload_.output(request) > settings_.max_context.value();
  if (too_long || workload_.most_blocks(request) > hbm_.capacity()) {
    out.status = RequestStatus::rejected;
    out.reason = too_long ? RejectReason::context_too_long : RejectReason::never_fits;
    if (observer_ != nullptr) observer_->on_request(RequestEvent::rejected, request, id_, Tokens(0), now);
    return false;
  }
  if (observer_ != nullptr) observer_->on_request(RequestEvent::arrived, request, id_, Tokens(0), now);
  if (waiting_.empty()) admission_blocked_ = false;
  waiting_.push_back(request);
  ++unfinished_;
  queued_tokens_ += workload_.prompt(request);
  return true;
}

ReplicaLoad Replica::load() const { return {unfinished_, Tokens(queued_tokens_)}; }

void Replica::settle(Time now) {
  if (!step_.in_flight && loading_ > 0) state_.totals.waiting_for_loads += now - accounted_;
  accounted_ = now;
}

void Replica::schedule(Time now) {
  settle(now);
  step_.chunks.clear();
  step_.loaders.clear();
  step_.gates = 0;
  step_.ready = step_.layer_bound = now;
  bool preempted = grow_decodes(now);
  std::int64_t budget = settings_.max_batched_tokens.value() - decode_.size();
  if (!partial_.is_none()) preempted |= continue_prefill(budget, now);
  if (!preempted && !admission_blocked_) admit(budget, now);
  if (preempted && running_count_ == 0) {  // whoever was preempted last was alone: the next step starts at once
    reclaim_loaded(now);
    admit(settings_.max_batched_tokens.value(), now);
  }
  if (decode_.size() > 0 || !step_.chunks.empty()) start_step(now);
}

/// Gives every decoding sequence that starts a new block its frame. True if someone had to be preempted for it.
bool Replica::grow_decodes(Time now) {
  const std::int64_t needed = decode_.needing_block();
  if (needed == 0) return false;
  if (hbm_.available() < needed) return grow_one_by_one(now);
  allocate(needed, grown_, now);
  gate_on(write_back_);
  return false;
}

bool Replica::grow_one_by_one(Time now) {
  bool preempted = false;
  for (std::uint32_t i = running_.front(); i != IndexList::kEnd;) {
    const std::uint32_t next = running_.next(i);
    const Sequence& s = slots_[i];
    if (s.stage == Stage::decoding && decode_.needs_block(s.member)) {
      while (hbm_.available() == 0 && running_.contains(i)) {
        preempt_last(now);
        preempted = true;
      }
      if (!running_.contains(i)) break;  // it was the last itself
      allocate(1, grown_, now);
      gate_on(write_back_);
    }
    // Whoever came after may be gone; everything up to here is not.
    i = next != IndexList::kEnd && running_.contains(next) ? next : IndexList::kEnd;
  }
  return preempted;
}

bool Replica::continue_prefill(std::int64_t& budget, Time now) {
  const SlotId slot = partial_;
  Sequence& s = slots_[slot.index()];
  const std::int64_t tokens = std::min(s.target - s.computed, budget);
  const std::int64_t needed = workload_.blocks_for(s.computed + tokens) - static_cast<std::int64_t>(s.frames.size());
  if (needed > hbm_.available()) {  // the last in running order is this one
    preempt_last(now);
    return true;
  }
  if (needed > 0) {
    allocate(needed, s.frames, now);
    gate_on(write_back_);
  }
  budget -= tokens;
  schedule_chunk(slot, tokens, now);
  return false;
}

/// Puts tokens of a prefilling sequence into the step; the blocks that become full are findable from now on.
void Replica::schedule_chunk(SlotId slot, std::int64_t tokens, Time now) {
  Sequence& s = slots_[slot.index()];
  name_blocks(s, (s.computed + tokens) / block_, now);
  step_.chunks.push_back({slot, tokens});
  partial_ = s.computed + tokens < s.target ? slot : SlotId::none();
}

void Replica::start_step(Time now) {
  Batch batch = cost_.empty_batch();
  for (const Chunk& c : step_.chunks) {
    const Sequence& s = slots_[c.slot.index()];
    batch.add_chunk(Tokens(c.tokens), Tokens(s.computed));
    batch.sampled += s.computed + c.tokens == s.target;
  }
  batch.decodes = decode_.size();
  batch.decode_context = Tokens(decode_.attended());
  batch.window_decode_context = Tokens(decode_.attended_in_window());
  batch.longest = std::max(batch.longest, Tokens(decode_.longest()));
  batch.sampled += batch.decodes;
  batch.copies_in = hierarchy_.copies_in(id_), batch.copies_out = hierarchy_.copies_out(id_);
  step_.batch = batch;
  step_.decodes = batch.decodes;
  step_.time = cost_.step(batch);
  step_.compute = rounded(step_.time.total());
  step_.begin = now;
  step_.in_flight = true;
  step_.end = Time::never();
  if (step_.gates == 0) find_end();
}

/// All transfers of the step have ended (or there were none): its end is known.
void Replica::find_end() { step_.end = std::max(step_.ready + step_.compute, step_.layer_bound); }

void Replica::gate_on(TransferId transfer, bool by_layer) {
  if (!hierarchy_.pending(transfer)) return;
  hierarchy_.wait(transfer, {id_, RequestId::none(), by_layer});
  ++step_.gates;
}

void Replica::on_load_progress(const EndedFlow& flow) {
  step_.layer_bound = std::max(step_.layer_bound, layerwise_end(flow, step_.compute, settings_.layers));
}

void Replica::end_step(Time now) {
  Totals& totals = state_.totals;
  ++totals.steps;
  totals.busy += step_.time;
  totals.stepping += now - step_.begin;
  const Duration waited = (now - step_.begin) - step_.compute;
  totals.step_waits += waited;
  step_.in_flight = false;
  step_.end = Time::never();
  accounted_ = now;
  if (observer_ != nullptr) {
    std::vector<StepChunk> chunks;
    for (const Chunk& c : step_.chunks) {
      const Sequence& s = slots_[c.slot.index()];
      chunks.push_back({s.request, Tokens(s.computed), Tokens(c.tokens), s.computed + c.tokens == s.target});
    }
    observer_->on_step({id_, step_.begin, now, step_.compute, step_.batch, chunks});
  }
  if (step_.decodes > 0) {
    decode_.advance();
    totals.tokens_out += step_.decodes;
    add_gap(state_.gaps, now - last_end_, step_.decodes);
    for (SlotId slot = decode_.pop_finished(); !slot.is_none(); slot = decode_.pop_finished()) {
      Sequence& s = slots_[slot.index()];
      const std::int64_t context = decode_.context_of(s.member);
      decode_.remove_counts(s.member);
      take_grown_frames(s, context);
      finish(slot, context, now);
    }
  }
  last_end_ = now;
  for (SlotId slot : step_.loaders) account_load(slots_[slot.index()], waited);
  for (const Chunk& c : step_.chunks) {
    Sequence& s = slots_[c.slot.index()];
    s.computed += c.tokens;
    totals.tokens_prefilled += c.tokens;
    if (s.computed == s.target) finish_prefill(c.slot, now);
  }
}

/// The step that ended a prefill produced a token.
void Replica::finish_prefill(SlotId slot, Time now) {
  Sequence& s = slots_[slot.index()];
  RequestOutcome& out = state_.requests[s.request.index()];
  std::uint32_t& generated = state_.generated[s.request.index()];
  ++state_.totals.tokens_out;
  if (generated == 0) {
    out.first_token = now;
  } else {
    add_gap(state_.gaps, now - Time(s.last_token), 1);
  }
  ++generated;
  const std::int64_t named = workload_.named_blocks(s.request, workload_.prompt(s.request));
  if (named > 0) {
    const auto count = static_cast<std::size_t>(named);
    hierarchy_.write(id_, s.request, std::span(s.names).first(count), std::span(s.frames).first(count), 0, now);
  }
  const std::int64_t remaining = workload_.output(s.request) - generated;
  if (remaining == 0) return finish(slot, s.computed, now);
  s.stage = Stage::decoding;
  s.member = decode_.join(slot, s.order, s.computed, remaining);
}

void Replica::finish(SlotId slot, std::int64_t context, Time now) {
  Sequence& s = slots_[slot.index()];
  RequestOutcome& out = state_.requests[s.request.index()];
  state_.generated[s.request.index()] = out.output;
  out.last_token = now;
  out.status = RequestStatus::completed;
  const std::int64_t prompt_named = workload_.named_blocks(s.request, workload_.prompt(s.request));
  const std::int64_t named = workload_.named_blocks(s.request, context);
  if (named > prompt_named) {  // answers that a later turn extends
    name_blocks(s, named, now);
    const std::uint32_t repeated = hierarchy_.before_in_chunk(static_cast<std::uint32_t>(prompt_named));
    const std::size_t from = static_cast<std::size_t>(prompt_named) - repeated;
    const std::size_t count = static_cast<std::size_t>(named) - from;
    hierarchy_.write(id_, s.request, std::span(s.names).subspan(from, count), std::span(s.frames).subspan(from, count),
                     static_cast<std::uint32_t>(from), now, repeated);
  }
  if (out.preemptions > 0) {  // what it alone could find again is of no use any more
    for (std::size_t i = s.names.size(); i < s.frames.size(); ++i) hbm_.clear_private(s.frames[i]);
  }
  release_frames(s, now);
  running_.erase(slot.value());
  --running_count_;
  --unfinished_;
  slot_of_[s.request.index()] = SlotId::none();
  free_slots_.push_back(slot);
  admission_blocked_ = false;
  state_.completed.push_back(s.request);
  if (observer_ != nullptr) observer_->on_request(RequestEvent::completed, s.request, id_, Tokens(0), now);
}

/// Gives the last running request's blocks up; it goes back to the head of the queue and keeps what the cache keeps.
void Replica::preempt_last(Time now) {
  const SlotId slot(running_.back());
  Sequence& s = slots_[slot.index()];
  if (s.stage == Stage::decoding) {
    const std::int64_t context = decode_.context_of(s.member);
    decode_.leave(s.member);
    take_grown_frames(s, context);
    state_.generated[s.request.index()] = static_cast<std::uint32_t>(context - workload_.prompt(s.request) + 1);
    s.last_token = last_end_.value();
    s.computed = context;
  } else {
    partial_ = SlotId::none();
  }
  name_blocks(s, s.computed / block_, now);
  keep_private_blocks(s);
  s.lost = s.computed;
  s.most_computed = std::max(s.most_computed, s.computed);
  release_frames(s, now);
  s.stage = Stage::waiting;
  running_.erase(slot.value());
  --running_count_;
  waiting_.push_front(s.request);
  queued_tokens_ += workload_.prompt(s.request);
  ++state_.totals.preemptions;
  ++state_.requests[s.request.index()].preemptions;
  admission_blocked_ = false;
  if (observer_ != nullptr) observer_->on_request(RequestEvent::preempted, s.request, id_, Tokens(s.computed), now);
}

/// The frames that a sequence took while it decoded are any from the pool: frames are alike until they are released.
/// Those that were taken first hold the earlier tokens, which is what a policy that goes by age sees.
void Replica::take_grown_frames(Sequence& s, std::int64_t context) {
  const std::int64_t missing = workload_.blocks_for(context) - static_cast<std::int64_t>(s.frames.size());
  if (missing <= 0) return;
  const auto first = grown_.end() - missing;
  s.frames.insert(s.frames.end(), first, grown_.end());
  grown_.erase(first, grown_.end());
}

/// Says what the full blocks below position `to` hold, as far as others can find it and it has not been said. A block
/// whose content was resident elsewhere at that time stays without identity for good.
void Replica::name_blocks(Sequence& s, std::int64_t to, Time now) {
  const auto from = static_cast<std::size_t>(s.named);
  const auto end = std::min(static_cast<std::size_t>(to), s.names.size());
  if (end <= from) return;
  const auto names = std::span<const BlockId>(s.names).subspan(from, end - from);
  hbm_.insert({std::span(s.frames).subspan(from, end - from), names, static_cast<std::uint32_t>(from), s.request}, now);
  hierarchy_.mark_seen(id_, names);
  s.named = static_cast<std::int64_t>(end);
}

/// Gives the full blocks that only this request can find an identity, unless one from an earlier time still has it.
void Replica::keep_private_blocks(Sequence& s) {
  const auto full = static_cast<std::size_t>(s.computed / block_);
  if (s.kept.size() < full) s.kept.resize(full);
  for (std::size_t i = s.names.size(); i < full; ++i) {
    const BlockId block = workload_.private_block(s.request, static_cast<std::int64_t>(i));
    if (!s.kept[i].is_none() && hbm_.block_in(s.kept[i]) == block) continue;
    hbm_.set_private(s.frames[i], block);
    s.kept[i] = s.frames[i];
  }
}

/// What nobody can find by name HBM hears of only now.
void Replica::release_frames(Sequence& s, Time now) {
  const auto known = static_cast<std::size_t>(s.named);
  if (s.frames.size() > known)
    hbm_.insert({std::span(s.frames).subspan(known), {}, static_cast<std::uint32_t>(known), s.request}, now);
  hbm_.release({s.frames, {}, 0, s.request}, now);
  s.frames.clear();
}

/// Takes frames that are known to be available; write_back_ is what must end before they can be used.
void Replica::allocate(std::int64_t count, std::vector<FrameId>& out, Time now) {
  evicted_.clear();
  ensure(hbm_.allocate(count, out, evicted_, now), "frames that were counted as available could not be had");
  write_back_ = evicted_.empty() ? TransferId::none() : hierarchy_.evicted_from_hbm(id_, evicted_, now);
}

void Replica::leap(Time horizon) {
  while (step_.end < horizon) {
    if (!step_.chunks.empty() || decode_.size() != step_.decodes || decode_.steps_to_finish() == 1) return;
    if (!waiting_.empty() && !admission_blocked_) return;
    const Time now = step_.end;
    Totals& totals = state_.totals;
    ++totals.steps;
    ++totals.leapt_steps;
    totals.busy += step_.time;
    totals.stepping += now - step_.begin;
    totals.step_waits += (now - step_.begin) - step_.compute;
    totals.tokens_out += step_.decodes;
    add_gap(state_.gaps, now - last_end_, step_.decodes);
    last_end_ = now;
    decode_.advance();
    const std::int64_t needed = decode_.needing_block();
    step_.gates = 0;
    if (needed > hbm_.available()) {  // someone will be preempted: the whole rule
      step_.in_flight = false;
      step_.end = Time::never();
      accounted_ = now;
      return schedule(now);
    }
    if (needed > 0) {
      allocate(needed, grown_, now);
      gate_on(write_back_);
    }
    step_.begin = step_.ready = step_.layer_bound = now;
    step_.batch.decode_context = Tokens(decode_.attended());
    step_.batch.window_decode_context = Tokens(decode_.attended_in_window());
    step_.batch.longest = Tokens(decode_.longest());
    step_.batch.decodes = step_.batch.sampled = step_.decodes;
    step_.batch.copies_in = hierarchy_.copies_in(id_), step_.batch.copies_out = hierarchy_.copies_out(id_);
    step_.time = cost_.step(step_.batch);
    step_.compute = rounded(step_.time.total());
    if (step_.gates > 0) {
      step_.end = Time::never();
      return;
    }
    step_.end = now + step_.compute;
  }
}

}  // namespace tiersim
