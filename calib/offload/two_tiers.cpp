#include "calib/offload/two_tiers.hpp"

#include <algorithm>

#include "sim/core/registry.hpp"

namespace tiersim::calib {
namespace {

std::unique_ptr<Tier> make_tier(std::int64_t frames, std::size_t named, const std::string& eviction,
                                std::uint64_t seed) {
  const auto count = static_cast<std::size_t>(frames);
  auto policy = Registry<EvictionPolicy>::instance().make(eviction, {count, {}, seed});
  return std::make_unique<Tier>(TierSetup{frames, named, false, std::move(policy)}, count);
}

}  // namespace

TwoTiers::TwoTiers(const TwoTiersSetup& setup)
    : memory_(make_tier(setup.frames, setup.named_blocks, setup.eviction, setup.seed)) {
  if (setup.drive_frames == 0) return;
  drive_ = make_tier(setup.drive_frames, setup.named_blocks, setup.drive_eviction, setup.seed);
  arriving_.resize(static_cast<std::size_t>(setup.drive_frames));
}

bool TwoTiers::on_drive(BlockId block) const {
  if (drive_ == nullptr) return false;
  const FrameId frame = drive_->frame_of(block);
  return !frame.is_none() && arriving_[frame.index()] == 0;
}

std::vector<PrefixRun> TwoTiers::find(std::span<const BlockId> blocks) const {
  std::vector<PrefixRun> runs;
  for (std::uint32_t i = 0; i < blocks.size(); ++i) {
    const bool in_memory = !memory_->frame_of(blocks[i]).is_none();
    if (!in_memory && !on_drive(blocks[i])) break;
    const std::size_t tier = in_memory ? 0 : 1;
    if (runs.empty() || runs.back().tier != tier) runs.push_back({tier, i, 0});
    ++runs.back().count;
  }
  return runs;
}

bool TwoTiers::take(RequestId request, std::span<const PrefixRun> prefix, std::span<const BlockId> blocks,
                    std::vector<FrameId>& frames, std::vector<TierMove>& loads, Time now) {
  const std::vector<FrameId> hits = frames_of(prefix, blocks);
  std::vector<FrameId> fresh;
  std::int64_t to_load = 0;
  for (const PrefixRun& run : prefix) to_load += run.tier == 1 ? run.count : 0;
  const auto unreferenced =
      std::count_if(hits.begin(), hits.end(), [&](FrameId f) { return memory_->references(f) == 0; });
  if (unreferenced + to_load > memory_->available()) return false;
  auto left = std::span<const FrameId>(hits);
  for (const PrefixRun& run : prefix) {
    if (run.tier == 1) continue;
    memory_->acquire({left.first(run.count), blocks.subspan(run.begin, run.count), run.begin, request}, now);
    left = left.subspan(run.count);
  }
  for (const PrefixRun& run : prefix) {
    if (run.tier == 1) loads.push_back(hold(request, run, blocks.subspan(run.begin, run.count), now));
  }
  ensure(grow(to_load, fresh, now), "frames that were counted could not be had");
  std::size_t hit = 0, next = 0, of_load = 0;
  for (const PrefixRun& run : prefix) {
    std::size_t& at = run.tier == 0 ? hit : next;
    const auto given = std::span(run.tier == 0 ? hits : fresh).subspan(at, run.count);
    frames.insert(frames.end(), given.begin(), given.end());
    at += run.count;
    if (run.tier == 1) aim(loads[of_load++], given, now);
  }
  return true;
}

/// The frames of memory that hold the runs which are there.
std::vector<FrameId> TwoTiers::frames_of(std::span<const PrefixRun> prefix, std::span<const BlockId> blocks) const {
  std::vector<FrameId> frames;
  for (const PrefixRun& run : prefix) {
    if (run.tier == 1) continue;
    for (const BlockId block : blocks.subspan(run.begin, run.count)) frames.push_back(memory_->frame_of(block));
  }
  return frames;
}

/// A load of this run whose sources stay where they are; it has no targets yet.
TierMove TwoTiers::hold(RequestId request, const PrefixRun& run, std::span<const BlockId> blocks, Time now) {
  TierMove load{request, run.begin, {blocks.begin(), blocks.end()}, {}, {}};
  for (const BlockId block : blocks) load.drive.push_back(drive_->frame_of(block));
  drive_->acquire({load.drive, load.blocks, load.position, request}, now);
  return load;
}

void TwoTiers::aim(TierMove& load, std::span<const FrameId> frames, Time now) {
  load.memory.assign(frames.begin(), frames.end());
  memory_->insert({load.memory, load.blocks, load.position, load.request}, now);
}

void TwoTiers::loaded(const TierMove& load, Time now) {
  drive_->release({load.drive, load.blocks, load.position, load.request}, now);
}

bool TwoTiers::grow(std::int64_t count, std::vector<FrameId>& frames, Time now) {
  if (count == 0) return true;
  evicted_.clear();
  return memory_->allocate(count, frames, evicted_, now);
}

void TwoTiers::touch_drive(RequestId request, std::uint32_t position, std::span<const BlockId> blocks, Time now) {
  std::vector<FrameId> frames;
  for (const BlockId block : blocks) frames.push_back(drive_->frame_of(block));
  const BlockRun run{frames, blocks, position, request};
  drive_->acquire(run, now);
  drive_->release(run, now);
}

TierMove TwoTiers::offer(RequestId request, std::uint32_t position, std::span<const BlockId> blocks,
                         std::span<const FrameId> frames, Time now) {
  TierMove write{request, position, {}, {}, {}};
  if (drive_ == nullptr) return write;
  std::vector<BlockId> present;
  for (const BlockId block : blocks) {
    if (!drive_->frame_of(block).is_none()) present.push_back(block);
  }
  write.position += static_cast<std::uint32_t>(present.size());
  if (!present.empty()) touch_drive(request, position, present, now);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const bool room = static_cast<std::int64_t>(write.blocks.size()) < drive_->available();
    if (!room || !drive_->frame_of(blocks[i]).is_none()) continue;
    write.blocks.push_back(blocks[i]);
    write.memory.push_back(frames[i]);
  }
  if (write.blocks.empty()) return write;
  evicted_.clear();
  ensure(drive_->allocate(static_cast<std::int64_t>(write.blocks.size()), write.drive, evicted_, now),
         "the drive had fewer frames than it said");
  for (const FrameId frame : write.drive) arriving_[frame.index()] = 1;
  drive_->insert({write.drive, write.blocks, write.position, request}, now);
  memory_->pin(write.memory);
  return write;
}

void TwoTiers::written(const TierMove& write, Time now) {
  memory_->release({write.memory, write.blocks, write.position, write.request}, now);
  for (const FrameId frame : write.drive) arriving_[frame.index()] = 0;
  drive_->release({write.drive, write.blocks, write.position, write.request}, now);
}

void TwoTiers::release(RequestId request, std::span<const FrameId> frames, Time now) {
  memory_->release({frames, {}, 0, request}, now);
}

}  // namespace tiersim::calib
