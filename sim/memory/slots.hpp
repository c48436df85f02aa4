#pragma once
/// What a policy over slots is told: in a tier slots are frames, in a replay they are the blocks themselves.
///
/// Called by the adapters of policies (slot_policy.hpp, leaf_cache.hpp, leaf_frames.hpp). Contents are what ghosts and
/// learning are of: blocks in both, below SlotSetup::contents; in a tier also contents without identity, at or above.
/// Everything here is O(1).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "sim/memory/block_cache.hpp"
#include "sim/memory/eviction.hpp"
#include "sim/memory/prefix_tree.hpp"

namespace tiersim {

inline constexpr std::uint32_t kNoSlot = UINT32_MAX;

struct SlotSetup {
  std::size_t slots = 0;     ///< numbers of slots are below this
  std::size_t capacity = 0;  ///< slots that are in the order at once, at most
  std::size_t contents = 0;  ///< ids that ghosts are kept of are below this
  Tokens block_tokens{1};
  const Parameters& parameters;
  std::uint64_t seed = 0;
  std::span<const std::uint32_t> next_access{};  ///< replays that know the future: see BlockCacheSetup

  explicit SlotSetup(const EvictionSetup& s)
      : slots(s.frames),
        capacity(s.frames),
        contents(s.contents),
        block_tokens(s.block_tokens),
        parameters(s.parameters),
        seed(s.seed) {}
  explicit SlotSetup(const BlockCacheSetup& s)
      : slots(s.blocks),
        capacity(s.capacity),
        contents(s.blocks),
        block_tokens(s.block_tokens),
        parameters(s.parameters),
        seed(s.seed),
        next_access(s.next_access) {}

  /// A parameter in tokens, in whole blocks.
  [[nodiscard]] std::uint64_t blocks(std::string_view name) const {
    return static_cast<std::uint64_t>(parameters.number(name)) /
           static_cast<std::uint64_t>(std::max<std::int64_t>(1, block_tokens.value()));
  }
};

/// What happens to a slot: its content enters or is used.
struct SlotTouch {
  std::uint32_t content = kNoSlot;
  std::uint32_t position = 0;  ///< in its sequence, in blocks
  RequestId request{};
  Time now{};
  std::uint32_t turn = 0;  ///< of the request in its session, from 0
};

/// Touches of a tier's runs.
class RunTouches {
 public:
  /// `tree`: contents with an identity are where it says, which is right for what moves by itself too; null: where
  /// their run says.
  RunTouches(const EvictionSetup& setup, const PrefixTree* tree)
      : contents_(setup.contents), turns_(setup.turns), tree_(tree) {}

  [[nodiscard]] SlotTouch of(const BlockRun& run, std::size_t i, Time now) const {
    const std::uint32_t content = run.blocks.empty() ? kNoSlot : run.blocks[i].value();
    const bool placed = tree_ != nullptr && content < contents_;
    const std::uint32_t position =
        placed ? tree_->position(content) : run.first_position + static_cast<std::uint32_t>(i);
    const std::uint32_t turn = turns_.empty() || run.request.is_none() ? 0 : turns_[run.request.index()];
    return {content, position, run.request, now, turn};
  }

 private:
  std::size_t contents_;
  std::span<const std::uint32_t> turns_;
  const PrefixTree* tree_;
};

}  // namespace tiersim
