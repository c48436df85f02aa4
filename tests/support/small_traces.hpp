#pragma once
/// Small random traces for tests of caches: prefix trees as conversations make them, or any blocks in any order.
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/core/rng.hpp"
#include "traces/trace_builder.hpp"

namespace tiersim::tests {

inline constexpr std::uint32_t kSmallBlock = 16;  // tokens

/// Requests of at most `longest` blocks. `closed`: a block's parent is always the same block, as chained hashes have
/// it; else blocks come in any order, also twice in one request. A third of the requests have an identified answer,
/// half of them a partial last block.
inline traces::Trace small_trace(Rng& rng, std::size_t requests, std::uint32_t longest, bool closed) {
  struct Node {
    std::uint32_t parent;
    std::vector<std::uint32_t> children;
  };
  traces::TraceBuilder builder;
  std::vector<Node> nodes;
  std::vector<std::uint32_t> roots;
  const auto grow = [&](std::uint32_t parent) {
    std::vector<std::uint32_t>& siblings = parent == UINT32_MAX ? roots : nodes[parent].children;
    if (!siblings.empty() && rng.below(10) < 8) return siblings[rng.below(siblings.size())];
    siblings.push_back(static_cast<std::uint32_t>(nodes.size()));
    nodes.push_back({parent, {}});
    return static_cast<std::uint32_t>(nodes.size() - 1);
  };
  std::uint32_t seen = 0;
  for (std::size_t r = 0; r < requests; ++r) {
    const auto blocks = static_cast<std::uint32_t>(1 + rng.below(longest));
    std::uint32_t at = UINT32_MAX;
    for (std::uint32_t i = 0; i < blocks; ++i) {
      if (closed) {
        at = grow(at);
      } else {
        at = static_cast<std::uint32_t>(rng.below(3 * longest));
        if (at >= seen) at = seen++;
      }
      builder.add_block(at);
    }
    const std::uint32_t identified =
        blocks * kSmallBlock - static_cast<std::uint32_t>(rng.below(2) * rng.below(kSmallBlock));
    const auto answer = static_cast<std::uint32_t>(rng.below(3) == 0 ? rng.below(identified) : 0);
    builder.add_request({.arrival = static_cast<std::int64_t>(r) * 1'000'000'000,
                         .prompt_tokens = identified - answer,
                         .output_tokens = std::max<std::uint32_t>(1, answer),
                         .identified_tokens = identified});
  }
  return std::move(builder).finish(kSmallBlock, closed ? static_cast<std::uint32_t>(nodes.size()) : seen,
                                   {"", "test", "0"});
}

}  // namespace tiersim::tests
