#pragma once
/// What the last tokens of a prompt think of the earlier ones: the score of SnapKV and of all that build on it.
///
/// Weights of the last `window` prompt queries on each earlier key, added up over the rows and the query heads of an
/// index set, then pooled over neighbours so that what surrounds an important token stays too. O(window x prompt) a
/// head.
#include <algorithm>
#include <vector>

#include "sim/attention/method.hpp"
#include "sim/attention/scores.hpp"

namespace tiersim {

struct WindowVote {
  std::int64_t window = 0, kernel = 1;
  bool by_maximum = true;

  /// From the parameters `window`, `kernel` and `pool`.
  [[nodiscard]] static WindowVote from(const Parameters& parameters) {
    return {static_cast<std::int64_t>(parameters.number("window")),
            static_cast<std::int64_t>(parameters.number("kernel")), parameters.text("pool") != "average"};
  }
  /// As many rows as were recorded, and no more than `most`.
  [[nodiscard]] std::int64_t rows(const traces::AttentionShape& shape, std::int64_t most) const {
    return std::max<std::int64_t>(0, std::min({window, shape.window, most}));
  }
  /// Of the keys before the last `rows`.
  [[nodiscard]] std::vector<float> scores(const PromptView& prompt, const CacheEditor& cache, std::size_t set,
                                          std::int64_t rows) const {
    const traces::AttentionShape& shape = prompt.shape();
    std::vector<float> sum(static_cast<std::size_t>(shape.prompt - rows));
    for (std::int64_t i = 0; i < cache.heads_a_set(); ++i)
      for (std::int64_t row = shape.window - rows; row < shape.window; ++row)
        add_to(sum, prompt.window_row(cache.first_head(set) + i, row).first(sum.size()));
    return by_maximum ? max_pool(sum, kernel) : average_pool(sum, kernel);
  }
};

/// Adds the last `rows` tokens of the prompt to what is kept of those before.
inline void add_window(std::vector<Position>& kept, const traces::AttentionShape& shape, std::int64_t rows) {
  for (std::int64_t p = shape.prompt - rows; p < shape.prompt; ++p) kept.push_back(static_cast<Position>(p));
}

/// Index sets by 'query' head, or by 'kv' head.
[[nodiscard]] inline Scope scope_of(const Parameters& parameters) {
  return parameters.text("heads") == "kv" ? Scope::kv_head : Scope::query_head;
}

}  // namespace tiersim
