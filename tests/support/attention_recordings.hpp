#pragma once
/// Small recordings of attention in memory: random vectors, with a few keys that draw weight, so that choices matter.
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/attention/weights.hpp"
#include "sim/core/rng.hpp"
#include "traces/attention_dump.hpp"

namespace tiersim::tests {

class RecordingInMemory final : public traces::AttentionSource {
 public:
  RecordingInMemory(traces::AttentionShape shape, std::vector<traces::AttentionLayer> layers)
      : shape_(shape), layers_(std::move(layers)) {}
  [[nodiscard]] const traces::AttentionShape& shape() const override { return shape_; }
  [[nodiscard]] traces::AttentionLayer load(std::int64_t layer) const override {
    return layers_[static_cast<std::size_t>(layer)];
  }

 private:
  traces::AttentionShape shape_;
  std::vector<traces::AttentionLayer> layers_;
};

/// The sums of the weights of all prompt queries, as a recorder would have them: queries before the window are drawn
/// here, since a recording does not keep them.
inline std::vector<float> random_column_sums(Rng& rng, const traces::AttentionShape& s) {
  std::vector<float> sums(static_cast<std::size_t>(s.heads * s.prompt));
  for (float& x : sums) x = static_cast<float>(rng.exponential(1.0));
  return sums;
}

inline RecordingInMemory random_recording(std::uint64_t seed, const traces::AttentionShape& s) {
  Rng rng(seed);
  std::vector<traces::AttentionLayer> layers;
  const auto draw = [&](std::int64_t count, double scale) {
    std::vector<float> out(static_cast<std::size_t>(count));
    for (float& x : out) x = static_cast<float>(scale * rng.normal());
    return out;
  };
  for (std::int64_t l = 0; l < s.layers; ++l) {
    traces::AttentionLayer& layer = layers.emplace_back();
    layer.q = draw(s.heads * s.rows() * s.head_size, 1.0);
    layer.k = draw(s.kv_heads * s.tokens() * s.head_size, 1.0);
    layer.v = draw(s.kv_heads * s.tokens() * s.head_size, 1.0);
    for (std::int64_t g = 0; g < s.kv_heads; ++g)  // some keys that stand out
      for (std::int64_t i = 0; i < 1 + s.tokens() / 8; ++i) {
        const auto at = static_cast<std::size_t>(
            (g * s.tokens() + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(s.tokens())))) *
            s.head_size);
        for (std::int64_t c = 0; c < s.head_size; ++c) layer.k[at + static_cast<std::size_t>(c)] *= 3;
      }
    layer.column_sums = random_column_sums(rng, s);
  }
  return {s, std::move(layers)};
}

inline traces::AttentionShape small_attention() {
  return {.layers = 3, .heads = 4, .kv_heads = 2, .head_size = 8, .prompt = 40, .steps = 12, .window = 8};
}

}  // namespace tiersim::tests
