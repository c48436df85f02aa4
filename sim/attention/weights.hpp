#pragma once
/// Attention weights of the recorded rows of a layer, as the full cache gave them.
///
/// Made once a layer and head and shared by every method that is replayed on it: taken from the recording, or computed
/// as softmax(Q K^T / sqrt(d)) over the keys that each row sees. Single precision, as models run.
/// O(rows x tokens x head size) per head, vectorised; rows x tokens floats.
#include <cstdint>
#include <span>
#include <vector>

#include "traces/attention_dump.hpp"

namespace tiersim {

/// The keys of each KV head, head size x tokens; none where weights are recorded.
class TransposedKeys {
 public:
  TransposedKeys(const traces::AttentionShape& shape, const traces::AttentionLayer& layer);
  [[nodiscard]] const std::vector<float>& of(std::int64_t kv_head) const {
    return heads_[static_cast<std::size_t>(kv_head)];
  }

 private:
  std::vector<std::vector<float>> heads_;
};

class HeadWeights {
 public:
  HeadWeights(const traces::AttentionShape& shape, const traces::AttentionLayer& layer, const TransposedKeys& keys,
              std::int64_t head);

  /// Of one row, on the keys that it sees; sums to 1.
  [[nodiscard]] std::span<const float> row(std::int64_t row) const {
    return std::span(weights_).subspan(static_cast<std::size_t>(row * tokens_),
                                       static_cast<std::size_t>(first_keys_ + row));
  }

 private:
  std::int64_t tokens_, first_keys_;
  std::vector<float> weights_;  // [rows][tokens]
};

/// Of every query head of a layer.
[[nodiscard]] std::vector<HeadWeights> weights_of(const traces::AttentionShape& shape,
                                                  const traces::AttentionLayer& layer);

}  // namespace tiersim
