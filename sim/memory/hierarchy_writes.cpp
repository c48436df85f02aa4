// What goes down the hierarchy.
#include <algorithm>

#include "sim/core/diagnostics.hpp"
#include "sim/memory/hierarchy.hpp"

namespace tiersim {

std::int64_t Hierarchy::room_in(std::size_t tier) const {
  const LowerTierSetup& lower = lower_[tier - 1];
  return std::min((lower.backlog - backlog_[tier]).value() / lower.chunk_bytes().value(), lower.tier->available());
}

TransferId Hierarchy::take_in(Transfer& t, std::span<const BlockId> blocks, std::span<const FrameId> source_frames,
                              TransferId after, Time now) {
  admit_.assign(blocks.size(), 0);
  lower_[t.target - 1].admission->decide(blocks, admit_, now);
  const std::int64_t room = room_in(t.target);
  const std::uint32_t chunk = chunk_of(t.target);
  const std::size_t parts = source_frames.empty() ? 0 : ratio(t.source, t.target);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const bool in = admit_[i] != 0 && static_cast<std::int64_t>(t.blocks.size()) < room;
    const std::size_t first = blocks[i].index() * chunk;
    refused_[first] = in ? 0 : 1;
    if (chunk > 1) std::fill_n(&refused_[first], chunk, refused_[first]);
    if (!in) {
      use_[t.target].refused_blocks += chunk;
      continue;
    }
    t.blocks.push_back(blocks[i]);
    if (parts == 1) t.source_frames.push_back(source_frames[i]);
    for (std::size_t j = 0; parts > 1 && j < parts; ++j) t.source_frames.push_back(source_frames[i * parts + j]);
  }
  if (t.blocks.empty()) return after;
  use_[t.target].written_blocks += chunk * static_cast<std::int64_t>(t.blocks.size());
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
  const auto drop_parts = [&](Tier& above, BlockId block, std::uint32_t parts) {
    for (std::uint32_t j = 0; j < parts; ++j) drop(above, BlockId(block.value() * parts + j));
  };
  for (BlockId block : blocks) {
    for (const auto& hbm : hbm_) drop_parts(*hbm, block, ratio(0, tier));
    for (std::size_t t = 1; t < tier; ++t) drop_parts(*lower_[t - 1].tier, block, ratio(t, tier));
  }
}

void Hierarchy::keep_shared(std::size_t tier, std::span<const BlockId> blocks, std::span<const FrameId> frames,
                            Time now) {
  SharedPins& pins = pins_[tier - 1];
  if (!pins.any()) return;
  const std::uint32_t chunk = chunk_of(tier);  // whoever used its last block used all of it
  for (std::size_t i = 0; i < blocks.size(); ++i)
    pins.used(frames[i], uses_[blocks[i].index() * chunk + chunk - 1], now);
}

void Hierarchy::offer(std::size_t source, ReplicaId replica, RequestId request, std::span<const BlockId> blocks,
                      std::span<const FrameId> frames, std::uint32_t first_position, Time now) {
  const std::size_t target = feeds_[source];
  if (target == kNowhere || lower_[target - 1].write != WriteMode::through) return;
  const std::uint32_t parts = ratio(source, target);
  if (parts == 1) return offer_contents(source, replica, request, blocks, frames, first_position, now);
  std::vector<BlockId> chunks;
  std::vector<FrameId> of_chunks;
  if (source == 0) {
    whole_chunks(parts, blocks, frames, chunks, of_chunks);
  } else {
    completed_chunks(source, parts, blocks, chunks, of_chunks);
  }
  offer_contents(source, replica, request, chunks, of_chunks, first_position / parts, now);
}

/// What is there is in use until the rest has its frames: it does not make room for it, and is released last, so that
/// the head of a sequence outlives its tail.
void Hierarchy::offer_contents(std::size_t source, ReplicaId replica, RequestId request,
                               std::span<const BlockId> contents, std::span<const FrameId> frames,
                               std::uint32_t first_position, Time now) {
  const std::size_t target = feeds_[source];
  const std::uint32_t parts = ratio(source, target);
  Tier& tier = *lower_[target - 1].tier;
  std::vector<BlockId> present, missing;
  std::vector<FrameId> present_frames, missing_frames;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const FrameId frame = tier.frame_of(contents[i]);
    (frame.is_none() ? missing : present).push_back(contents[i]);
    (frame.is_none() ? missing_frames : present_frames).push_back(frame.is_none() ? frames[i * parts] : frame);
    for (std::size_t j = 1; j < parts && frame.is_none(); ++j) missing_frames.push_back(frames[i * parts + j]);
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
      pin_sources(t, now);
      start_flows(t, before, now, false);
    }
  }
  if (!present.empty()) tier.release(there, now);
}

void Hierarchy::write(ReplicaId replica, RequestId request, std::span<const BlockId> blocks,
                      std::span<const FrameId> frames, std::uint32_t first_position, Time now, std::uint32_t repeated) {
  const std::span<const BlockId> fresh = blocks.subspan(repeated);
  if (uses_.size() > 0)
    for (BlockId b : fresh) ++uses_[b.index()];
  if (placement_) placement_->on_use(fresh, now);
  offer(0, replica, request, blocks, frames, first_position, now);
}

TransferId Hierarchy::evicted_from(std::size_t tier, ReplicaId replica, std::span<const BlockId> blocks,
                                   TransferId after, Time now) {
  const std::uint32_t chunk = chunk_of(tier);
  const auto takes_back = [&](std::size_t t) {
    return t != kNowhere && lower_[t - 1].write == WriteMode::back && lower_[t - 1].chunk == chunk;
  };
  if (blocks.empty() || (!placement_ && !takes_back(feeds_[tier]))) return after;
  const auto first_of = [&](BlockId content) { return BlockId(content.value() * chunk); };
  std::vector<BlockId> homeless;
  for (BlockId b : blocks)
    if (!in_or_below(tier + 1, first_of(b))) homeless.push_back(b);
  std::vector<std::uint8_t> targets(homeless.size(), feeds_[tier]);
  if (placement_ && !homeless.empty()) {
    std::vector<BlockId> firsts = homeless;
    std::transform(firsts.begin(), firsts.end(), firsts.begin(), first_of);
    placement_->place(tier, firsts, targets, now);
  }
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
  use_[target].write_backs += chunk_of(target) * static_cast<std::int64_t>(t.blocks.size());
  start_flows(t, before, now, false);
  return t.live ? t.id : after;
}

TransferId Hierarchy::evicted_from_hbm(ReplicaId replica, std::span<const BlockId> blocks, Time now) {
  return evicted_from(0, replica, blocks, TransferId::none(), now);
}

}  // namespace tiersim
