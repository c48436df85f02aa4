#pragma once
/// One layer of a recording under one method: the loop over decoded tokens.
///
/// Called by replay_attention() with the layer's full rows, which it shares with other methods on the same layer.
#include <span>
#include <vector>

#include "sim/attention/method.hpp"

namespace tiersim {

struct LayerMeasures {
  std::vector<float> recall, output_error;  ///< [heads][steps]; the latter empty without values
  Bytes after_prompt, at_end, peak;
};

class LayerReplay {
 public:
  /// `outputs`: of each head, the full cache's output of each decoded row, [heads][steps][head_size], or empty.
  LayerReplay(const traces::AttentionShape& shape, const traces::AttentionLayer& layer,
              std::span<const HeadWeights> weights, std::span<const float> outputs)
      : shape_(shape), layer_(layer), weights_(weights), outputs_(outputs) {}

  [[nodiscard]] LayerMeasures run(LayerMethod& method, Scope scope) const;

 private:
  /// Restricts the row of a decoded token to a set's slots; returns the weight that they have of the full row.
  [[nodiscard]] float restrict_row(std::int64_t head, std::int64_t step, std::span<const Position> slots,
                                   std::vector<float>& weights) const;
  [[nodiscard]] float output_error(std::int64_t head, std::int64_t step, std::span<const Position> slots,
                                   std::span<const float> weights) const;

  const traces::AttentionShape& shape_;
  const traces::AttentionLayer& layer_;
  std::span<const HeadWeights> weights_;
  std::span<const float> outputs_;
};

}  // namespace tiersim
