// Engine blocks and the chunks of the tiers below.
#include <utility>

#include "sim/memory/hierarchy.hpp"

namespace tiersim {

std::span<const BlockId> Hierarchy::contents_of(std::size_t tier, std::span<const BlockId> blocks,
                                                std::vector<BlockId>& room) const {
  const std::uint32_t chunk = chunk_of(tier);
  if (chunk == 1) return blocks;
  for (BlockId b : blocks) {
    const BlockId content(b.value() / chunk);
    if (room.empty() || room.back() != content) room.push_back(content);
  }
  return room;
}

void Hierarchy::whole_chunks(std::uint32_t ratio, std::span<const BlockId> blocks, std::span<const FrameId> frames,
                             std::vector<BlockId>& chunks, std::vector<FrameId>& parts) {
  std::size_t i = 0;
  while (i < blocks.size() && blocks[i].value() % ratio != 0) ++i;
  for (; i + ratio <= blocks.size(); i += ratio) {
    chunks.emplace_back(blocks[i].value() / ratio);
    const auto of_chunk = frames.subspan(i, ratio);
    parts.insert(parts.end(), of_chunk.begin(), of_chunk.end());
  }
}

void Hierarchy::completed_chunks(std::size_t source, std::uint32_t ratio, std::span<const BlockId> contents,
                                 std::vector<BlockId>& chunks, std::vector<FrameId>& parts) const {
  const Tier& tier = *lower_[source - 1].tier;
  const auto has = [&](BlockId content) {
    const FrameId frame = tier.frame_of(content);
    return !frame.is_none() && arriving_[source - 1][frame.index()] == 0;
  };
  BlockId last = BlockId::none();
  for (BlockId content : contents) {
    const BlockId chunk(content.value() / ratio);
    if (std::exchange(last, chunk) == chunk) continue;
    std::uint32_t there = 0;
    while (there < ratio && has(BlockId(chunk.value() * ratio + there))) ++there;
    if (there < ratio) continue;
    chunks.push_back(chunk);
    for (std::uint32_t j = 0; j < ratio; ++j) parts.push_back(tier.frame_of(BlockId(chunk.value() * ratio + j)));
  }
}

/// Nobody need reference what lay in a lower tier before the rest of its chunk came.
void Hierarchy::pin_sources(Transfer& t, Time now) {
  Tier& source = tier_at(t.source, t.replica);
  if (t.source == 0 || ratio(t.source, t.target) == 1) return source.pin(t.source_frames);
  for (const FrameId& frame : t.source_frames) {
    const BlockId content = source.block_in(frame);
    if (source.references(frame) > 0) {
      source.pin({&frame, 1});
    } else {
      source.acquire({{&frame, 1}, {&content, 1}, t.first_position * ratio(t.source, t.target), t.request}, now);
    }
  }
}

}  // namespace tiersim
