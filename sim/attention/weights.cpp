#include "sim/attention/weights.hpp"

#include <algorithm>
#include <cmath>

#include "sim/core/single_precision.hpp"

namespace tiersim {

TransposedKeys::TransposedKeys(const traces::AttentionShape& s, const traces::AttentionLayer& layer) {
  if (!layer.weights.empty()) return;
  for (std::int64_t g = 0; g < s.kv_heads; ++g)
    heads_.push_back(transposed({layer.k.data() + g * s.tokens() * s.head_size, s.tokens(), s.head_size, s.head_size}));
}

HeadWeights::HeadWeights(const traces::AttentionShape& s, const traces::AttentionLayer& layer,
                         const TransposedKeys& keys, std::int64_t head)
    : tokens_(s.tokens()), first_keys_(s.keys_of(0)), weights_(static_cast<std::size_t>(s.rows() * s.tokens())) {
  if (!layer.weights.empty()) {
    const auto begin = layer.weights.begin() + static_cast<std::ptrdiff_t>(head * s.rows() * s.tokens());
    std::copy(begin, begin + static_cast<std::ptrdiff_t>(weights_.size()), weights_.begin());
    return;
  }
  const float* q = layer.q.data() + head * s.rows() * s.head_size;
  const std::vector<float>& k = keys.of(head / s.group());
  multiply({q, s.rows(), s.head_size, s.head_size}, {k.data(), s.head_size, s.tokens(), s.tokens()},
           {weights_.data(), s.rows(), s.tokens(), s.tokens()});
  const float scale = 1 / std::sqrt(static_cast<float>(s.head_size));
  for (std::int64_t r = 0; r < s.rows(); ++r) {
    const auto row =
        std::span(weights_).subspan(static_cast<std::size_t>(r * tokens_), static_cast<std::size_t>(tokens_));
    const auto seen = static_cast<std::size_t>(s.keys_of(r));
    softmax(row.first(seen), scale);
    std::fill(row.begin() + static_cast<std::ptrdiff_t>(seen), row.end(), 0.0F);
  }
}

std::vector<HeadWeights> weights_of(const traces::AttentionShape& shape, const traces::AttentionLayer& layer) {
  const TransposedKeys keys(shape, layer);
  std::vector<HeadWeights> out;
  for (std::int64_t head = 0; head < shape.heads; ++head) out.emplace_back(shape, layer, keys, head);
  return out;
}

}  // namespace tiersim
