#pragma once
/// Which block is in which frame of memory and of the drive, for one sequence at a time: decisions without data.
///
/// Called by OffloadEngine, which moves what is decided here. The rules are the simulator's (sim/README.md), its own
/// Tier and eviction policies keep the frames; finding, loading and writing are written anew from the rules, so that
/// equal hits say something: a prefix is contiguous over both tiers, each block from memory if it is there; loads
/// reference their sources and targets; blocks are offered to the drive when they appear, sources and targets are
/// referenced until they are written, and found there from then on. Without a drive nothing is ever offered. Cost: O(1)
/// per block.
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/memory/hierarchy.hpp"
#include "sim/memory/tier.hpp"

namespace tiersim::calib {

struct TwoTiersSetup {
  std::int64_t frames = 0;        ///< of memory
  std::int64_t drive_frames = 0;  ///< 0: no drive
  std::string eviction = "lru";   ///< of memory; a name in the registry
  std::string drive_eviction = "lru";
  std::size_t named_blocks = 0;
  std::uint64_t seed = 1;
};

/// Blocks that move, frame by frame; kept until they have.
struct TierMove {
  RequestId request;
  std::uint32_t position = 0;  ///< of the first, in its sequence
  std::vector<BlockId> blocks;
  std::vector<FrameId> memory, drive;
};

class TwoTiers {
 public:
  explicit TwoTiers(const TwoTiersSetup& setup);

  /// Runs of the longest prefix of these blocks (tier 0: memory, 1: drive).
  [[nodiscard]] std::vector<PrefixRun> find(std::span<const BlockId> blocks) const;
  /// References the prefix and gives the frames that are to be loaded. Appends the prefix's frames of memory, by
  /// position, and the loads, a run each. False, and nothing changed, if memory has too few frames now.
  [[nodiscard]] bool take(RequestId request, std::span<const PrefixRun> prefix, std::span<const BlockId> blocks,
                          std::vector<FrameId>& frames, std::vector<TierMove>& loads, Time now);
  void loaded(const TierMove& load, Time now);

  /// Appends `count` frames without content. False, and nothing changed, if memory has too few now.
  [[nodiscard]] bool grow(std::int64_t count, std::vector<FrameId>& frames, Time now);
  /// Says what frames of grow() hold (no blocks: nothing with an identity), once for each and before its release: a
  /// block that memory has elsewhere stays without identity.
  void insert(RequestId request, std::uint32_t position, std::span<const BlockId> blocks,
              std::span<const FrameId> frames, Time now) {
    memory_->insert({frames, blocks, position, request}, now);
  }
  /// What of these blocks goes to the drive now; nothing: an empty move.
  [[nodiscard]] TierMove offer(RequestId request, std::uint32_t position, std::span<const BlockId> blocks,
                               std::span<const FrameId> frames, Time now);
  void written(const TierMove& write, Time now);
  void release(RequestId request, std::span<const FrameId> frames, Time now);

  [[nodiscard]] std::int64_t available() const { return memory_->available(); }
  [[nodiscard]] std::int64_t evicted() const { return memory_->evicted(); }
  [[nodiscard]] std::int64_t drive_evicted() const { return drive_ == nullptr ? 0 : drive_->evicted(); }

 private:
  [[nodiscard]] bool on_drive(BlockId block) const;
  [[nodiscard]] std::vector<FrameId> frames_of(std::span<const PrefixRun> prefix,
                                               std::span<const BlockId> blocks) const;
  [[nodiscard]] TierMove hold(RequestId request, const PrefixRun& run, std::span<const BlockId> blocks, Time now);
  void aim(TierMove& load, std::span<const FrameId> frames, Time now);
  void touch_drive(RequestId request, std::uint32_t position, std::span<const BlockId> blocks, Time now);

  std::unique_ptr<Tier> memory_, drive_;
  std::vector<std::uint8_t> arriving_;  // by frame of the drive
  std::vector<BlockId> evicted_;        // scratch
};

}  // namespace tiersim::calib
