#pragma once
/// Which blocks leave a tier when it runs out of frames.
///
/// Called by Tier: on_insert and on_access as blocks arrive and are found again (both referenced then), on_release when
/// the last reference goes, evict() when frames are needed, on_remove when a block leaves for any other reason. One
/// instance serves one tier; calls never overlap. A frame is known to the policy from its on_insert until evict() gives
/// it up or on_remove names it; a second on_insert of a known frame says what it holds, where the first could not.
///
/// A run is consecutive blocks of one sequence, head first. frames[i] holds the block at position first_position + i of
/// the sequence, so its parent in the prefix tree is frames[i - 1]. Frames are dense (0 <= frame <
/// EvictionSetup::frames; keep state in arrays indexed by them). next_use is empty unless the trace knows the future:
/// then next_use[i] is the number of the request that uses block i next, UINT32_MAX for never. Cost: amortised O(1) per
/// block unless the policy's file says otherwise; one virtual call per run; no allocation after construction.
/// Deterministic: randomness only from an Rng seeded by the setup.
///
/// Held against on paper before it froze: GDSF (needs position for the cost of recomputing), SGLang's leaves (parent),
/// Belady (next_use), TensorRT-LLM's priorities with expiry (priority and now), Mooncake's watermark rounds (evict()
/// for more than is needed is the tier's matter), ARC and LIRS (ghosts: the block's id).
#include <cstdint>
#include <memory>
#include <span>

#include "sim/core/ids.hpp"
#include "sim/core/parameters.hpp"
#include "sim/core/units.hpp"

namespace tiersim {

struct BlockRun {
  std::span<const FrameId> frames;
  std::span<const BlockId> blocks;        ///< contents, same length (none(): no identity); empty where not known yet
  std::uint32_t first_position = 0;       ///< in blocks, of frames[0]
  RequestId request = RequestId::none();  ///< on whose behalf; none() for the tier's own moves
  std::uint8_t priority = 0;
  std::span<const std::uint32_t> next_use{};
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
