#pragma once
/// A cache of blocks under one policy, without frames, references or a clock of its own: what cache replays and
/// miss-ratio curves run.
///
/// Called by sim/replay, one call for each request and question. A block is resident or not; access() goes through a
/// request's blocks one after another, in the setup's order: a resident one is a hit, another enters, for which one
/// leaves once `capacity` are resident. A policy may keep the new one out instead (bypass), or go through the blocks in
/// an order of its own (trees, vLLM's queue): its file says so. Capacity 0 holds nothing.
///
/// Blocks are dense ids in first-touch order, below Setup::blocks. `next_access` is empty unless the replay knows the
/// future: then next_access[t] is the number of the access that touches the block of access t again, kNeverAgain for
/// none; accesses are numbered from 0 in the order in which access() makes them. Cost: amortised O(1) per block unless
/// the policy's file says otherwise, independent of how many accesses there were; no allocation in steady state.
/// Deterministic: randomness only from an Rng seeded by the setup.
#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/core/ids.hpp"
#include "sim/core/parameters.hpp"
#include "sim/core/units.hpp"
#include "traces/trace.hpp"

namespace tiersim {

inline constexpr std::uint32_t kNeverAgain = UINT32_MAX;

enum class TouchOrder { head_first, tail_first };

struct BlockCacheSetup {
  std::size_t capacity = 0;  ///< blocks
  std::size_t blocks = 0;    ///< ids are below this
  Tokens block_tokens{1};
  Parameters parameters{};
  std::uint64_t seed = 0;
  TouchOrder order = TouchOrder::head_first;
  std::span<const std::uint32_t> next_access{};
};

/// What one request mentions.
struct Mention {
  std::span<const traces::Extent> extents;  ///< head first: prompt, then what is known of the answer
  std::uint64_t asked = UINT64_MAX;         ///< blocks from the head on whose hits count: those of the prompt
  RequestId request{};
  Time now{};
  std::uint32_t turn = 0;  ///< of its session, from 0
};

class BlockCache {
 public:
  using Setup = BlockCacheSetup;
  virtual ~BlockCache() = default;

  /// Returns how many of the blocks asked for were hits at their moment.
  virtual std::uint64_t access(const Mention& mention) = 0;
  /// How many of the first blocks are resident, up to the first that is not. Changes nothing.
  [[nodiscard]] virtual std::uint64_t resident_prefix(std::span<const traces::Extent> extents) const = 0;
  [[nodiscard]] virtual std::size_t resident() const = 0;
};

}  // namespace tiersim
