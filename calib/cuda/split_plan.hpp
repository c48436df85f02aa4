#pragma once
/// How decode attention is cut into pieces that keep every multiprocessor busy (flash decoding).
///
/// Called on the host once per batch, as serving engines do per step. The context of each sequence is cut into splits
/// of at most `tokens` tokens (a multiple of split_grain, the last one shorter); a thread block takes one split of one
/// kv head. The length is the one of the candidates whose schedule, simulated as the hardware hands out thread blocks
/// (the next one to whichever place is free first), ends earliest; a thread block costs its tokens plus a fixed part.
/// Deterministic; at most a few ms for hundreds of sequences.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "calib/cuda/paging.hpp"

namespace tiersim::calib {

/// Tokens first..last - 1 of a sequence. Sequences with one split have their results written at once (partial < 0), the
/// others' are put together from partial results, numbered through the batch.
struct ContextSplit {
  int sequence = 0, first = 0, last = 0, partial = -1;
};

struct SplitPlan {
  std::vector<ContextSplit> splits;  ///< by sequence, by position
  std::vector<int> first_partial;    ///< per sequence, and the end: those of sequence i are [i] .. [i + 1] - 1
  int tokens = 0;                    ///< the longest split
  int partials() const { return first_partial.back(); }
};

inline constexpr int split_grain = 64;     ///< tokens: a tile for each warp of a thread block
inline constexpr int split_overhead = 64;  ///< tokens' worth of time to start a thread block and to write its result

/// Tokens' worth of time until the last thread block ends, `places` at once.
inline std::int64_t makespan(const std::vector<int>& contexts, int kv_heads, int places, int tokens) {
  std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<>> free;
  for (int i = 0; i < places; ++i) free.push(0);
  std::int64_t end = 0;
  for (int head = 0; head < kv_heads; ++head) {
    for (const int context : contexts) {
      for (int first = 0; first < context; first += tokens) {
        const std::int64_t done = free.top() + std::min(tokens, context - first) + split_overhead;
        free.pop();
        free.push(done);
        end = std::max(end, done);
      }
    }
  }
  return end;
}

/// Lengths worth trying: those that give every place 1, 2, 3, ... thread blocks, were the cuts free.
inline std::vector<int> split_candidates(const std::vector<int>& contexts, int kv_heads, int places) {
  std::int64_t total = 0;
  int longest = 0;
  for (const int context : contexts) total += context, longest = std::max(longest, context);
  std::vector<int> lengths;
  for (int waves = 1; waves <= 8; ++waves) {
    const std::int64_t even = total * kv_heads / (static_cast<std::int64_t>(waves) * places) + 1;
    for (const std::int64_t stretched : {even, even * 5 / 4, even * 3 / 2}) {
      const std::int64_t whole = (std::min<std::int64_t>(stretched, longest) + split_grain - 1) / split_grain;
      lengths.push_back(static_cast<int>(whole) * split_grain);
    }
  }
  std::sort(lengths.begin(), lengths.end());
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  // Thousands of tiny pieces take long to plan and never win.
  std::erase_if(lengths,
                [&](int tokens) { return total * kv_heads / tokens > 64LL * places && tokens != lengths.back(); });
  return lengths;
}

inline SplitPlan cut(const std::vector<int>& contexts, int tokens) {
  SplitPlan plan;
  plan.tokens = tokens;
  int partials = 0;
  for (int sequence = 0; sequence < static_cast<int>(contexts.size()); ++sequence) {
    const int context = contexts[static_cast<std::size_t>(sequence)];
    plan.first_partial.push_back(partials);
    for (int first = 0; first < context; first += tokens) {
      plan.splits.push_back({sequence, first, std::min(context, first + tokens), context > tokens ? partials++ : -1});
    }
  }
  plan.first_partial.push_back(partials);
  return plan;
}

/// `places`: thread blocks that the device holds at once; all contexts are positive.
inline SplitPlan plan_splits(const std::vector<int>& contexts, int kv_heads, int places) {
  int best = 0;
  std::int64_t best_end = 0;
  for (const int tokens : split_candidates(contexts, kv_heads, places)) {
    const std::int64_t end = makespan(contexts, kv_heads, places, tokens);
    if (best == 0 || end < best_end) best = tokens, best_end = end;
  }
  return cut(contexts, best);
}

}  // namespace tiersim::calib
