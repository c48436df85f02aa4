#pragma once
/// Which blocks leave a tier when it runs out of frames.
///
/// Called by Tier: on_insert and on_access as blocks arrive and are found again (both referenced then), on_release when
/// the last reference goes, evict() when frames are needed, on_remove when a block leaves for any other reason. One
/// instance serves one tier; calls never overlap. A frame is known to the policy from its on_insert, which comes once,
/// when it is settled what the frame holds, until evict() gives it up or on_remove names it. A frame that is not yet
/// known is referenced; it becomes known before its last reference goes at the latest.
///
/// A run is blocks of one sequence, head first. frames[i] holds the block at position first_position + i of the
/// sequence; in on_release, and in runs of the tier's own moves, blocks may be missing in between and positions mean
/// nothing. Frames are dense (0 <= frame < EvictionSetup::frames; keep state in arrays indexed by them). At any time at
/// most one known frame holds a content with an identity, the same until the frame leaves. Cost: amortised O(1) per
/// block unless the policy's file says otherwise; one virtual call per run; no allocation after construction.
/// Deterministic: randomness only from an Rng seeded by the setup.
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "sim/core/ids.hpp"
#include "sim/core/parameters.hpp"
#include "sim/core/units.hpp"
#include "sim/memory/prefix_tree.hpp"

namespace tiersim {

struct BlockRun {
  std::span<const FrameId> frames;
  std::span<const BlockId> blocks;        ///< contents, same length (none(): no identity); empty: none has one
  std::uint32_t first_position = 0;       ///< in blocks, of frames[0]
  RequestId request = RequestId::none();  ///< on whose behalf; none() for the tier's own moves
};

/// Which frames must stay: a view on the tier's reference counts.
class PinView {
 public:
  explicit PinView(std::span<const std::uint32_t> references) : references_(references) {}
  [[nodiscard]] bool pinned(FrameId frame) const { return references_[frame.index()] > 0; }

 private:
  std::span<const std::uint32_t> references_;
};

struct EvictionSetup {
  std::size_t frames = 0;
  Parameters parameters{};
  std::uint64_t seed = 0;
  std::size_t contents = 0;  ///< ids below this have an identity: what ghosts are kept of
  Tokens block_tokens{1};
  std::span<const std::uint32_t> turns{};     ///< by request, in its session, from 0; empty: all are first ones
  std::function<const PrefixTree&()> tree{};  ///< of the contents; made when a policy first asks; empty: none is known
};

class EvictionPolicy {
 public:
  using Setup = EvictionSetup;
  virtual ~EvictionPolicy() = default;

  virtual void on_insert(const BlockRun& run, Time now) = 0;
  virtual void on_access(const BlockRun& run, Time now) = 0;
  virtual void on_release(const BlockRun& run, Time now) = 0;
  virtual void on_remove(FrameId frame) = 0;

  /// Fills `out` with frames to give up, first to go first, forgets them, and returns how many it found. Skips frames
  /// for which `pins` holds; distinct; all inserted before. Fewer than out.size() only if the rest is pinned.
  virtual std::size_t evict(std::span<FrameId> out, const PinView& pins, Time now) = 0;
};

}  // namespace tiersim
