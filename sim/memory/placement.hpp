#pragma once
/// Which tier takes blocks that a tier gives up.
///
/// Called by the hierarchy: on_use when a request has used blocks (computed, loaded or found), place() with the blocks
/// that left a tier to make room and that no tier below it holds. The answer for each is a tier further down, or
/// kNowhere: then the block is dropped. A target that is not written back, or holds other chunks than the tier
/// that gives up, is as good as kNowhere. place() is also called for tiers from which nothing can go further, so that a
/// policy may learn what leaves them; of a chunk of several blocks it hears the first. One instance serves all tiers of
/// a run. O(tiers) per block; state in arrays by block, allocated once. Deterministic.
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/parameters.hpp"
#include "sim/core/units.hpp"

namespace tiersim {

/// HBM is tier 0 and takes nothing back: as a target it means that there is none.
inline constexpr std::uint8_t kNowhere = 0;

/// What a tier offers one block.
struct PlaceOffer {
  Bytes block_bytes;         ///< that a block takes
  double load_seconds = 0;   ///< in which it is back in HBM, links idle
  bool written_back = true;  ///< only then it takes what is placed in it
};

struct PlacementSetup {
  Parameters parameters{};
  std::size_t blocks = 0;             ///< ids are below this
  std::vector<std::uint8_t> feeds{};  ///< by tier, HBM included: the tier below that it is configured to feed
  std::vector<PlaceOffer> offers{};   ///< by tier; of HBM empty
  /// Seconds in which the block is computed, at its place in its sequence.
  std::function<double(BlockId)> recompute{};
};

class PlacementPolicy {
 public:
  using Setup = PlacementSetup;
  virtual ~PlacementPolicy() = default;
  virtual void on_use(std::span<const BlockId> blocks, Time now) = 0;
  /// Sets targets[i] for each block; both spans have the same length.
  virtual void place(std::size_t from, std::span<const BlockId> blocks, std::span<std::uint8_t> targets, Time now) = 0;
};

}  // namespace tiersim
