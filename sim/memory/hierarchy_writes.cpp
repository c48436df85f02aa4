// What goes down the hierarchy, and what comes up before it is asked for.
#include <algorithm>

#include "sim/core/diagnostics.hpp"
#include "sim/memory/hierarchy.hpp"

namespace tiersim {

std::int64_t Hierarchy::room_in(std::size_t tier) const {
  const LowerTierSetup& lower = lower_[tier - 1];
  return std::min((lower.backlog - backlog_[tier]).value() / lower.block_bytes.value(), lower.tier->available());
}

TransferId Hierarchy::take_in(Transfer& t, std::span<const BlockId> blocks, std::span<const FrameId> source_frames,
                              TransferId after, Time now) {
  admit_.assign(blocks.size(), 0);
  lower_[t.target - 1].admission->decide(blocks, admit_, now);
  const std::int64_t room = room_in(t.target);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const bool in = admit_[i] != 0 && static_cast<std::int64_t>(t.blocks.size()) < room;
    refused_[blocks[i].index()] = in ? 0 : 1;
    if (!in) {
      ++use_[t.target].refused_blocks;
      continue;
    }
    t.blocks.push_back(blocks[i]);
    if (!source_frames.empty()) t.source_frames.push_back(source_frames[i]);
  }
  if (t.blocks.empty()) return after;
  use_[t.target].written_blocks += static_cast<std::int64_t>(t.blocks.size());
  return give_frames(t, after, now);
}

TransferId Hierarchy::give_frames(Transfer& t, TransferId after, Time now) {
  LowerTierSetup& lower = lower_[t.target - 1];
  std::vector<BlockId> evicted;
  const bool fits = lower.tier->allocate(static_cast<std::int64_t>(t.blocks.size()), t.target_frames, evicted, now);
  ensure(fits, "a lower tier had fewer frames than it said");
  for (FrameId f : t.target_frames) arriving_[t.target - 1][f.index()] = 1;
  if (t.target == 1 && !prefetched_.empty()) {
    const std::uint8_t mark = t.kind == MoveKind::prefetch ? 1 : 0;
    for (FrameId f : t.target_frames) prefetched_[f.index()] = mark;
  }
  lower.tier->insert({t.target_frames, t.blocks, t.first_position, t.request}, now);
  if (lower.inclusive) drop_above(t.target, evicted);
  return evicted_from(t.target, t.replica, evicted, after, now);
}

void Hierarchy::drop_above(std::size_t tier, std::span<const BlockId> blocks) {
  const auto drop = [](Tier& above, BlockId block) {
    const FrameId frame = above.frame_of(block);
    if (!frame.is_none() && above.references(frame) == 0) above.drop(frame);
  };
  for (BlockId block : blocks) {
    for (const auto& hbm : hbm_) drop(*hbm, block);
    for (std::size_t t = 1; t < tier; ++t) drop(*lower_[t - 1].tier, block);
  }
}

void Hierarchy::keep_shared(std::size_t tier, std::span<const BlockId> blocks, std::span<const FrameId> frames,
                            Time now) {
  SharedPins& pins = pins_[tier - 1];
  if (!pins.any()) return;
  for (std::size_t i = 0; i < blocks.size(); ++i) pins.used(frames[i], uses_[blocks[i].index()], now);
}

/// What is there is in use until the rest has its frames: it does not make room for it, and is released last, so that
/// the head of a sequence outlives its tail.
void Hierarchy::offer(std::size_t source, ReplicaId replica, RequestId request, std::span<const BlockId> blocks,
                      std::span<const FrameId> frames, std::uint32_t first_position, Time now) {
  const std::size_t target = feeds_[source];
  if (target == kNowhere || lower_[target - 1].write != WriteMode::through) return;
  Tier& tier = *lower_[target - 1].tier;
  std::vector<BlockId> present, missing;
  std::vector<FrameId> present_frames, missing_frames;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const FrameId frame = tier.frame_of(blocks[i]);
    (frame.is_none() ? missing : present).push_back(blocks[i]);
    (frame.is_none() ? missing_frames : present_frames).push_back(frame.is_none() ? frames[i] : frame);
  }
  const BlockRun there{present_frames, present, first_position, request};
  if (!present.empty()) tier.acquire(there, now);
  keep_shared(target, present, present_frames, now);
  if (!missing.empty()) {
    Transfer& t = open(MoveKind::write, replica, request, source, target, now);
    t.first_position = first_position + static_cast<std::uint32_t>(present.size());
    const TransferId before = take_in(t, missing, missing_frames, TransferId::none(), now);
    if (t.blocks.empty()) {
      close(t);
    } else {
      tier_at(t.source, replica).pin(t.source_frames);
      start_flows(t, before, now, false);
    }
  }
  if (!present.empty()) tier.release(there, now);
}

void Hierarchy::write(ReplicaId replica, RequestId request, std::span<const BlockId> blocks,
                      std::span<const FrameId> frames, std::uint32_t first_position, Time now) {
  if (uses_.size() > 0)
    for (BlockId b : blocks) ++uses_[b.index()];
  if (placement_) placement_->on_use(blocks, now);
  offer(0, replica, request, blocks, frames, first_position, now);
}

TransferId Hierarchy::evicted_from(std::size_t tier, ReplicaId replica, std::span<const BlockId> blocks,
                                   TransferId after, Time now) {
  const auto takes_back = [&](std::size_t t) { return t != kNowhere && lower_[t - 1].write == WriteMode::back; };
  if (blocks.empty() || (!placement_ && !takes_back(feeds_[tier]))) return after;
  std::vector<BlockId> homeless;
  for (BlockId b : blocks)
    if (!in_or_below(tier + 1, b)) homeless.push_back(b);
  std::vector<std::uint8_t> targets(homeless.size(), feeds_[tier]);
  if (placement_ && !homeless.empty()) placement_->place(tier, homeless, targets, now);
  std::vector<BlockId> going;
  for (std::size_t target = tier + 1; target < tiers(); ++target) {
    if (!takes_back(target)) continue;
    going.clear();
    for (std::size_t i = 0; i < homeless.size(); ++i)
      if (targets[i] == target) going.push_back(homeless[i]);
    if (!going.empty()) after = write_back(tier, target, replica, going, after, now);
  }
  return after;
}

TransferId Hierarchy::write_back(std::size_t from, std::size_t target, ReplicaId replica,
                                 std::span<const BlockId> blocks, TransferId after, Time now) {
  Transfer& t = open(MoveKind::write_back, replica, RequestId::none(), from, target, now);
  const TransferId before = take_in(t, blocks, {}, after, now);
  if (t.blocks.empty()) {
    close(t);
    return after;
  }
  use_[target].write_backs += static_cast<std::int64_t>(t.blocks.size());
  start_flows(t, before, now, false);
  return t.live ? t.id : after;
}

TransferId Hierarchy::evicted_from_hbm(ReplicaId replica, std::span<const BlockId> blocks, Time now) {
  return evicted_from(0, replica, blocks, TransferId::none(), now);
}

void Hierarchy::prefetch(RequestId request, std::span<const BlockId> blocks, Time now) {
  if (lower_.size() < 2) return;
  Tier& first = *lower_[0].tier;
  const auto in_hbm = [&](BlockId b) {
    return std::any_of(hbm_.begin(), hbm_.end(), [&](const auto& hbm) { return !hbm->frame_of(b).is_none(); });
  };
  // The slow tier from which the block would come; 0 if it is higher up, kMaxTiers if it is nowhere.
  const auto slow_home = [&](BlockId b) -> std::size_t {
    if (!first.frame_of(b).is_none() || in_hbm(b)) return 0;
    for (std::size_t t = 2; t < tiers(); ++t) {
      const FrameId frame = lower_[t - 1].tier->frame_of(b);
      if (!frame.is_none() && arriving_[t - 1][frame.index()] == 0) return t;
    }
    return kMaxTiers;
  };
  std::vector<BlockId> above;  // stays while room is made for the rest
  std::vector<PrefixRun> runs;
  for (std::uint32_t i = 0; i < blocks.size(); ++i) {
    const std::size_t home = slow_home(blocks[i]);
    if (home == kMaxTiers) break;
    if (home == 0) {
      if (!first.frame_of(blocks[i]).is_none()) above.push_back(blocks[i]);
      continue;
    }
    if (runs.empty() || runs.back().tier != home || runs.back().begin + runs.back().count != i)
      runs.push_back({home, i, 0});
    ++runs.back().count;
  }
  if (runs.empty()) return;
  std::vector<FrameId> held;
  for (BlockId b : above) held.push_back(first.frame_of(b));
  first.acquire({held, above, 0, request}, now);
  for (const PrefixRun& run : runs) hold(request, run, blocks.subspan(run.begin, run.count), now);
  for (const PrefixRun& run : runs) fetch(request, run, blocks.subspan(run.begin, run.count), now);
  first.release({held, above, 0, request}, now);
}

void Hierarchy::fetch(RequestId request, const PrefixRun& run, std::span<const BlockId> blocks, Time now) {
  Tier& slow = *lower_[run.tier - 1].tier;
  std::vector<FrameId> sources;
  for (BlockId b : blocks) sources.push_back(slow.frame_of(b));
  const auto count = static_cast<std::uint32_t>(std::clamp<std::int64_t>(room_in(1), 0, run.count));
  if (count < run.count)
    slow.release({std::span(sources).subspan(count), blocks.subspan(count), run.begin + count, request}, now);
  if (count == 0) return;
  Transfer& t = open(MoveKind::prefetch, ReplicaId::none(), request, run.tier, 1, now);
  t.first_position = run.begin;
  t.blocks.assign(blocks.begin(), blocks.begin() + count);
  t.source_frames.assign(sources.begin(), sources.begin() + count);
  use_[1].prefetched_blocks += count;
  start_flows(t, give_frames(t, TransferId::none(), now), now, false);
}

void Hierarchy::prefetches_of(RequestId request, std::vector<TransferId>& out) const {
  if (use_.size() < 2 || use_[1].prefetched_blocks == 0) return;
  for (const Transfer& t : transfers_)
    if (t.live && t.kind == MoveKind::prefetch && t.request == request) out.push_back(t.id);
}

}  // namespace tiersim
