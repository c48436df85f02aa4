#pragma once
/// A trace through one cache, without a clock: hit rates alone.
///
/// Called by `tiersim replay-cache` and `tiersim mrc`; runs a registered BlockCache. Blocks are the trace's own. What a
/// hit is, is an option, printed with every result:
///
///   block    every mention of a block is an access; it hits if the block is resident at that moment
///   prefix   of each request those of the longest prefix that is resident before the request touches anything; all its
///            blocks are accessed after that, head or tail first
///
/// An identified answer is accessed after its prompt, as one mention with it, and never a hit: nobody asks for it. Hit
/// tokens are min(hits x T, prompt) of each request. O(mentions) times the policy's cost; memory that of the policy,
/// and 4 B a mention where it needs the future. Deterministic.
#include <cstdint>
#include <vector>

#include "sim/core/parameters.hpp"
#include "sim/memory/block_cache.hpp"
#include "traces/trace.hpp"

namespace tiersim {

enum class HitRule { block, prefix };

struct ReplaySettings {
  PolicyChoice policy;
  std::size_t capacity = 0;  ///< blocks of the trace
  HitRule rule = HitRule::prefix;
  TouchOrder order = TouchOrder::head_first;
  std::uint64_t seed = 0;
};

struct ReplayCounts {
  std::uint64_t accesses = 0, hits = 0;  ///< of prompt blocks
  std::uint64_t tokens = 0, hit_tokens = 0;
  [[nodiscard]] double hit_rate() const { return share(hits, accesses); }
  [[nodiscard]] double token_hit_rate() const { return share(hit_tokens, tokens); }

 private:
  static double share(std::uint64_t part, std::uint64_t all) {
    return all > 0 ? static_cast<double>(part) / static_cast<double>(all) : 0;
  }
};

/// By number of access in this order: the number of the next access to the same block, kNeverAgain for none. At most
/// 2^32 - 2 mentions.
[[nodiscard]] std::vector<std::uint32_t> next_accesses(const traces::Trace& trace, TouchOrder order);

/// Whether a policy wants next_accesses().
[[nodiscard]] bool needs_future(std::string_view policy);

/// `next_access`: of this trace and order, for policies that need the future; else it may be empty.
[[nodiscard]] ReplayCounts replay(const traces::Trace& trace, const ReplaySettings& settings,
                                  std::span<const std::uint32_t> next_access = {});

}  // namespace tiersim
