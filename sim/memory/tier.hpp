#pragma once
/// The frames of one tier: which block is where, who references it, and what leaves when room is needed.
///
/// Called by the hierarchy (lower tiers) and by a replica (its HBM). A frame is empty (on the free list), referenced
/// (count > 0: running sequences, transfers), or held (unreferenced, its content findable until it is evicted). A block
/// is in at most one frame of a tier; content without an identity (BlockId::none(), or ids from named_blocks() on,
/// which are private to a request) is not in the index. An allocation succeeds or fails in the same call. The policy
/// hears of frames as eviction.hpp says.
///
/// Unlimited: the reference run "infinite". `capacity` then bounds the referenced frames alone; held frames are never
/// evicted and new frames are made as needed.
///
/// Cost: O(1) per block plus the policy's; memory 4 B per named block, 8 B plus the policy's per
/// frame, occupied when first used.
/// Invariant: inserted() == removed() + resident().
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/zeroed_array.hpp"
#include "sim/memory/eviction.hpp"

namespace tiersim {

struct TierSetup {
  std::int64_t capacity = 0;     ///< frames
  std::size_t named_blocks = 0;  ///< ids below this can be found
  bool unlimited = false;
  std::unique_ptr<EvictionPolicy> policy;  ///< built for frames_needed(capacity, named_blocks, unlimited) frames
};

class Tier {
 public:
  /// How many frames a tier needs at most, which is what its policy must be built for: never more than there are
  /// `contents` to hold, unless frames without a findable one count too (`any_content`: HBM, where private contents are
  /// among `contents`).
  [[nodiscard]] static std::size_t frames_needed(std::int64_t capacity, std::size_t contents, bool unlimited,
                                                 bool any_content);

  Tier(TierSetup setup, std::size_t frames);

  /// The frame that holds a named block, or none().
  [[nodiscard]] FrameId frame_of(BlockId block) const { return FrameId(frame_of_[block.index()] - 1); }
  [[nodiscard]] BlockId block_in(FrameId frame) const { return BlockId(block_in_[frame.index()] - 1); }
  [[nodiscard]] std::uint32_t references(FrameId frame) const { return references_[frame.index()]; }
  /// Frames that an allocation could have: empty ones and held ones.
  [[nodiscard]] std::int64_t available() const { return capacity_ - referenced_; }
  [[nodiscard]] std::int64_t referenced() const { return referenced_; }
  [[nodiscard]] std::int64_t capacity() const { return capacity_; }
  [[nodiscard]] std::size_t frames() const { return block_in_.size(); }
  [[nodiscard]] std::int64_t resident() const { return resident_; }  ///< named blocks
  [[nodiscard]] std::int64_t inserted() const { return inserted_; }
  [[nodiscard]] std::int64_t removed() const { return removed_; }
  [[nodiscard]] std::int64_t evicted() const { return evicted_; }  ///< named blocks that made room for others

  /// References resident blocks (a hit).
  void acquire(const BlockRun& run, Time now);
  /// Adds a reference to frames that already have one (no policy call).
  void pin(std::span<const FrameId> frames);
  /// Takes `count` frames, referenced once each, without content, and appends them to `out`; named blocks that had to
  /// leave are appended to `evicted`. False, and nothing changed, if available() < count.
  bool allocate(std::int64_t count, std::vector<FrameId>& out, std::vector<BlockId>& evicted, Time now);
  /// Gives frames that allocate() gave their content (no blocks: what they have stays) and tells the policy of them:
  /// once for each frame, before its release. A named block becomes findable unless another frame has it already: then
  /// the frame's content stays without identity.
  void insert(const BlockRun& run, Time now);
  /// Gives a referenced frame private content, which its request alone can find again.
  void set_private(FrameId frame, BlockId block) { block_in_[frame.index()] = block.value() + 1; }
  /// Takes private content's identity from a referenced frame: nobody will look for it again.
  void clear_private(FrameId frame) {
    if (!is_named(block_in(frame))) block_in_[frame.index()] = 0;
  }
  /// Drops one reference of each; frames nobody references any more are held (the policy hears of them), or emptied if
  /// their content has no use (unlimited tiers only).
  void release(const BlockRun& run, Time now);
  /// Removes an unreferenced resident block at once (exclusive tiers, expiry).
  void drop(FrameId frame);

 private:
  [[nodiscard]] bool is_named(BlockId block) const { return block.index() < frame_of_.size(); }
  [[nodiscard]] FrameId take_empty();
  void set_content(FrameId frame, BlockId block);
  void forget(FrameId frame);

  std::int64_t capacity_;
  bool unlimited_;
  std::unique_ptr<EvictionPolicy> policy_;
  // Ids are kept plus one, so that zero is none and what is never touched takes no memory.
  ZeroedArray<std::uint32_t> frame_of_;        // by named block
  ZeroedArray<std::uint32_t> block_in_;        // by frame
  ZeroedArray<std::uint32_t> references_;      // by frame
  std::size_t never_used_ = 0;                 // frames from here on have never been given out
  std::vector<FrameId> emptied_;               // and those that came back without content
  std::vector<FrameId> victims_, newly_free_;  // scratch
  std::vector<BlockId> contents_;              // scratch: of the run at hand
  std::int64_t referenced_ = 0, resident_ = 0, inserted_ = 0, removed_ = 0, evicted_ = 0;
};

}  // namespace tiersim
