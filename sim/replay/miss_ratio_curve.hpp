#pragma once
/// LRU's hits at every capacity in one pass over a trace.
///
/// Called by `tiersim mrc` and by reports that need a working set. Exact: the same counts as replay() of lru at each
/// capacity, for both hit rules and both orders of touch. With the prefix rule, tail first, on a trace whose ids are
/// prefix-closed it is also the curve of leaf-only LRU on the prefix tree (vllm, sglang).
/// O(mentions) for stretches of blocks that were used together before, O(log blocks) for each stretch; memory see
/// sim/replay/stack_distances.hpp and 16 B a block. Deterministic.
#include <cstdint>
#include <vector>

#include "sim/replay/replay.hpp"
#include "traces/trace.hpp"

namespace tiersim {

/// Counts of a curve; capacities beyond the last entry have what that has.
struct MissRatioCurve {
  std::uint64_t accesses = 0, tokens = 0;  ///< of prompts
  std::vector<std::uint64_t> hits;         ///< by capacity in blocks, from 0 on
  std::vector<std::uint64_t> hit_tokens;   ///< likewise; prefix rule only

  [[nodiscard]] std::uint64_t hits_at(std::size_t capacity) const;
  [[nodiscard]] std::uint64_t hit_tokens_at(std::size_t capacity) const;
  [[nodiscard]] ReplayCounts at(std::size_t capacity) const;
};

[[nodiscard]] MissRatioCurve lru_curve(const traces::Trace& trace, HitRule rule, TouchOrder order);

}  // namespace tiersim
