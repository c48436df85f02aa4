// What comes up before it is asked for.
#include <algorithm>

#include "sim/memory/hierarchy.hpp"

namespace tiersim {

std::size_t Hierarchy::slow_home(BlockId content, std::span<const BlockId> part) const {
  const auto in_hbm = [&](BlockId b) {
    return std::any_of(hbm_.begin(), hbm_.end(), [&](const auto& hbm) { return !hbm->frame_of(b).is_none(); });
  };
  if (!lower_[0].tier->frame_of(content).is_none() || std::all_of(part.begin(), part.end(), in_hbm)) return 0;
  for (std::size_t t = 2; t < tiers(); ++t) {
    if (ratio(1, t) != 1) continue;
    const FrameId frame = lower_[t - 1].tier->frame_of(content);
    if (!frame.is_none() && arriving_[t - 1][frame.index()] == 0) return t;
  }
  return kMaxTiers;
}

void Hierarchy::prefetch(RequestId request, std::span<const BlockId> blocks, Time now) {
  if (lower_.size() < 2) return;
  Tier& first = *lower_[0].tier;
  const std::size_t chunk = chunk_of(1);
  std::vector<BlockId> contents, above;  // above: stays while room is made for the rest
  std::vector<PrefixRun> runs;
  for (std::size_t begin = 0; begin < blocks.size(); begin += chunk) {
    const auto i = static_cast<std::uint32_t>(contents.size());
    const BlockId content(blocks[begin].index() / chunk);
    const std::size_t home = slow_home(content, blocks.subspan(begin, std::min(chunk, blocks.size() - begin)));
    if (home == kMaxTiers) break;
    contents.push_back(content);
    if (home == 0) {
      if (!first.frame_of(content).is_none()) above.push_back(content);
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
  // All are held before the first is fetched: what makes room for it may be written down to where the others are.
  const auto part = [&](const PrefixRun& run) {
    return std::span<const BlockId>(contents).subspan(run.begin, run.count);
  };
  for (const PrefixRun& run : runs) hold_contents(request, run.tier, run.begin, part(run), now);
  for (const PrefixRun& run : runs) fetch(request, run, part(run), now);
  first.release({held, above, 0, request}, now);
}

void Hierarchy::fetch(RequestId request, const PrefixRun& run, std::span<const BlockId> contents, Time now) {
  Tier& slow = *lower_[run.tier - 1].tier;
  std::vector<FrameId> sources;
  for (BlockId b : contents) sources.push_back(slow.frame_of(b));
  const auto count = static_cast<std::uint32_t>(std::clamp<std::int64_t>(room_in(1), 0, run.count));
  if (count < run.count)
    slow.release({std::span(sources).subspan(count), contents.subspan(count), run.begin + count, request}, now);
  if (count == 0) return;
  Transfer& t = open(MoveKind::prefetch, ReplicaId::none(), request, run.tier, 1, now);
  t.first_position = run.begin;
  t.blocks.assign(contents.begin(), contents.begin() + count);
  t.source_frames.assign(sources.begin(), sources.begin() + count);
  use_[1].prefetched_blocks += chunk_of(1) * count;
  start_flows(t, give_frames(t, TransferId::none(), now), now, false);
}

void Hierarchy::prefetches_of(RequestId request, std::vector<TransferId>& out) const {
  if (use_.size() < 2 || use_[1].prefetched_blocks == 0) return;
  for (const Transfer& t : transfers_)
    if (t.live && t.kind == MoveKind::prefetch && t.request == request) out.push_back(t.id);
}

}  // namespace tiersim
