#include "calib/host/offload/decoder.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "calib/host/kernels.hpp"
#include "sim/core/rng.hpp"

namespace tiersim::calib {
namespace {

using Floats = std::vector<float>;

/// Weights of a layer, or of a product alone, that keep the variance of what they multiply.
Floats random_matrix(Rng& rng, std::int64_t rows, std::int64_t columns) {
  Floats out(static_cast<std::size_t>(rows * columns));
  const double scale = 2.0 * std::sqrt(3.0 / static_cast<double>(columns));
  for (float& x : out) x = static_cast<float>((rng.uniform() - 0.5) * scale);
  return out;
}

Floats random_gains(Rng& rng, std::int64_t width) {
  Floats out(static_cast<std::size_t>(width));
  for (float& x : out) x = static_cast<float>(0.75 + 0.5 * rng.uniform());
  return out;
}

struct Layer {
  Floats input_gain, qkv, output, mlp_gain, gate_up, down;
};

class Decoder final : public Compute {
 public:
  Decoder(Team& team, const DecoderShape& shape, std::uint64_t seed) : team_(team), s_(shape) {
    Rng rng(seed);
    embedding_ = random_matrix(rng, s_.vocabulary, s_.hidden);
    for (std::int64_t l = 0; l < s_.layers; ++l) {
      Layer layer;
      layer.input_gain = random_gains(rng, s_.hidden);
      layer.qkv = random_matrix(rng, queries() + 2 * keys(), s_.hidden);
      layer.output = random_matrix(rng, s_.hidden, queries());
      layer.mlp_gain = random_gains(rng, s_.hidden);
      layer.gate_up = random_matrix(rng, 2 * s_.intermediate, s_.hidden);
      layer.down = random_matrix(rng, s_.hidden, s_.intermediate);
      layers_.push_back(std::move(layer));
    }
    final_gain_ = random_gains(rng, s_.hidden);
    head_ = random_matrix(rng, s_.vocabulary, s_.hidden);
    logits_.resize(static_cast<std::size_t>(s_.vocabulary));
  }

  std::span<const float> step(const ComputeStep& step) override {
    const auto tokens = static_cast<std::int64_t>(step.tokens.size());
    make_room(tokens);
    embed(step.tokens);
    for (std::int64_t l = 0; l < s_.layers; ++l) {
      const Layer& layer = layers_[static_cast<std::size_t>(l)];
      rms_norm(team_, tokens, s_.hidden, x_.data(), layer.input_gain.data(), h_.data());
      attend(layer, l, step);
      rms_norm(team_, tokens, s_.hidden, x_.data(), layer.mlp_gain.data(), h_.data());
      feed_forward(layer, tokens);
    }
    if (!step.sampled) return {};
    sample(x_.data() + (tokens - 1) * s_.hidden);
    return logits_;
  }

 private:
  [[nodiscard]] std::int64_t queries() const { return s_.query_heads * s_.head_dim; }
  [[nodiscard]] std::int64_t keys() const { return s_.kv_heads * s_.head_dim; }

  void make_room(std::int64_t tokens) {
    const auto grow = [&](Floats& memory, std::int64_t width) {
      const auto size = static_cast<std::size_t>(tokens * width);
      if (memory.size() < size) memory.resize(size);
    };
    grow(x_, s_.hidden), grow(h_, s_.hidden), grow(y_, s_.hidden);
    grow(qkv_, queries() + 2 * keys()), grow(attended_, queries());
    grow(gate_up_, 2 * s_.intermediate), grow(activated_, s_.intermediate);
  }

  void embed(std::span<const std::uint32_t> tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const auto width = static_cast<std::size_t>(s_.hidden);
      std::copy_n(embedding_.data() + tokens[i] * width, width, x_.data() + i * width);
    }
  }

  /// Queries, keys and values of the new tokens, each [token][head][element]. One token's lie behind each other in the
  /// rows' order anyway; for more, each has its own product.
  void project(const Layer& layer, std::int64_t tokens) {
    if (tokens == 1) {
      product(team_, 1, queries() + 2 * keys(), s_.hidden, h_.data(), layer.qkv.data(), qkv_.data());
      return;
    }
    std::int64_t row = 0;
    for (const std::int64_t width : {queries(), keys(), keys()}) {
      product(team_, tokens, width, s_.hidden, h_.data(), layer.qkv.data() + row * s_.hidden,
              qkv_.data() + row * tokens);
      row += width;
    }
  }

  /// x += the attention of this layer over the frames.
  void attend(const Layer& layer, std::int64_t l, const ComputeStep& step) {
    const auto tokens = static_cast<std::int64_t>(step.tokens.size());
    project(layer, tokens);
    float* query = qkv_.data();
    float* key = query + tokens * queries();
    float* value = key + tokens * keys();
    rotary(team_, tokens, s_.query_heads, s_.head_dim, step.first, query);
    rotary(team_, tokens, s_.kv_heads, s_.head_dim, step.first, key);
    blocks_.clear();
    for (float* frame : step.frames) blocks_.push_back(frame + l * s_.layer_elements());
    const AttentionShape shape{s_.query_heads, s_.kv_heads, s_.head_dim, s_.block};
    write_kv(team_, shape, blocks_, step.first, tokens, key, value);
    const std::span<const float* const> held(blocks_.data(), blocks_.size());
    const PagedSequence sequence{held, step.first + tokens, tokens, query, attended_.data()};
    (step.decode ? decode_attention : prefill_attention)(team_, shape, {&sequence, 1});
    product(team_, tokens, s_.hidden, queries(), attended_.data(), layer.output.data(), y_.data());
    add(team_, tokens * s_.hidden, y_.data(), x_.data());
  }

  void feed_forward(const Layer& layer, std::int64_t tokens) {
    product(team_, tokens, 2 * s_.intermediate, s_.hidden, h_.data(), layer.gate_up.data(), gate_up_.data());
    silu_multiply(team_, tokens, s_.intermediate, gate_up_.data(), activated_.data());
    product(team_, tokens, s_.hidden, s_.intermediate, activated_.data(), layer.down.data(), y_.data());
    add(team_, tokens * s_.hidden, y_.data(), x_.data());
  }

  void sample(const float* x) {
    rms_norm(team_, 1, s_.hidden, x, final_gain_.data(), h_.data());
    product(team_, 1, s_.vocabulary, s_.hidden, h_.data(), head_.data(), logits_.data());
  }

  Team& team_;
  DecoderShape s_;
  Floats embedding_, final_gain_, head_, logits_;
  std::vector<Layer> layers_;
  Floats x_, h_, y_, qkv_, attended_, gate_up_, activated_;  // of the step at hand
  std::vector<float*> blocks_;                               // of the layer at hand
};

}  // namespace

std::unique_ptr<Compute> make_decoder(Team& team, const DecoderShape& shape, std::uint64_t seed) {
  return std::make_unique<Decoder>(team, shape, seed);
}

}  // namespace tiersim::calib
