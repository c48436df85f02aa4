#pragma once
/// A trace through several tiers without a clock: what each would hit, what would be written to it, and why the rest
/// missed.
///
/// Called by `tiersim replay-cache`; runs the Hierarchy that runs on a clock, with moves that take no time and one
/// request at a time. Blocks are the trace's own. Of a request counts the longest prefix that is resident over all
/// tiers when it comes, each block from the first tier that has it; after that all its blocks are brought into the
/// first tier (loaded or computed), offered to the tiers below as their write mode says, and released, tail first. An
/// identified answer follows its prompt and is never a hit. A request longer than the first tier passes through it in
/// pieces of that tier's size, from its tail.
///
/// Each missed prompt block has one cause:
///
///   compulsory  nobody had asked for it before
///   admission   the tier below had turned it away when it was last offered
///   policy      Belady, keeping the leaves of the prefix tree in as many blocks as all tiers have together, has it
///   capacity    with room for everything it would have been there
///   gap         it is there, behind a block that is not
///
/// O(blocks mentioned) times the policies' cost; memory of the policies and about 20 B a distinct block a tier.
/// Deterministic. Errors: none from input; InternalError if the hierarchy's books do not balance.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/parameters.hpp"
#include "sim/memory/hierarchy.hpp"
#include "sim/replay/replay.hpp"
#include "traces/trace.hpp"

namespace tiersim {

/// A tier of a replay; capacity in blocks of the trace, at least 1. What follows `eviction` is for lower tiers.
struct ReplayTier {
  std::string name;
  std::size_t capacity = 0;
  PolicyChoice eviction{"lru", {}};
  PolicyChoice admission{"always", {}};
  WriteMode write = WriteMode::through;
  bool exclusive = false, inclusive = false;
  PinSettings pins{};
  Tokens min_tokens{0};                 ///< a shorter run is not loaded from here
  std::optional<std::uint8_t> feeds{};  ///< the tier below that it feeds, kNowhere for none; not given: the next
};

struct TierCounts {
  std::uint64_t hits = 0, hit_tokens = 0;  ///< of prompts, found here first
  std::uint64_t written = 0;               ///< blocks that entered it
  std::uint64_t refused = 0;               ///< that were offered and turned away
  std::uint64_t evicted = 0;               ///< that made room for others
};

struct ReplayMisses {
  std::uint64_t compulsory = 0, admission = 0, policy = 0, capacity = 0, gap = 0;
};

struct HierarchyCounts {
  ReplayCounts all;  ///< over the tiers together
  std::vector<TierCounts> tiers;
  ReplayMisses misses;    ///< blocks
  ReplayCounts belady;    ///< with as many blocks as the tiers have together
  ReplayCounts infinite;  ///< with room for everything
};

/// `next_access` is next_accesses(trace, TouchOrder::head_first).
[[nodiscard]] HierarchyCounts replay_hierarchy(const traces::Trace& trace, std::span<const ReplayTier> tiers,
                                               std::uint64_t seed, std::span<const std::uint32_t> next_access);

/// With the first tier alone, with the first two, ...: what each adds to those above it.
[[nodiscard]] std::vector<HierarchyCounts> replay_by_depth(const traces::Trace& trace,
                                                           std::span<const ReplayTier> tiers, std::uint64_t seed,
                                                           std::size_t threads);

}  // namespace tiersim
