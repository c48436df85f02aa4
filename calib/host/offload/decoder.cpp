#include "calib/host/offload/decoder.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "calib/host/buffer.hpp"
#include "calib/host/kernels.hpp"
#include "sim/core/rng.hpp"

namespace tiersim::calib {
namespace {

using Floats = std::vector<float>;

struct Layer {
  const float *input_gain, *qkv, *output, *mlp_gain, *gate_up, *down;
};

/// All weights in one piece, as a serving engine holds them: in huge pages where there are any, written by the threads
/// that will read them. The same for any number of threads: every row has a stream of its own.
class Weights {
 public:
  Weights(Team& team, std::int64_t elements, std::uint64_t seed)
      : team_(team), memory_(elements * static_cast<std::int64_t>(sizeof(float))), seed_(seed) {}

  /// Keeps the variance of what it multiplies.
  const float* matrix(std::int64_t rows, std::int64_t columns) {
    return fill(rows, columns, 0, 2 * std::sqrt(3.0 / static_cast<double>(columns)));
  }
  const float* gains(std::int64_t width) { return fill(1, width, 1, 0.5); }

 private:
  const float* fill(std::int64_t rows, std::int64_t columns, double middle, double range) {
    float* to = memory_.as<float>() + used_;
    const std::uint64_t stream = Rng(seed_ + static_cast<std::uint64_t>(used_)).next();
    team_.run([&](int rank) {
      const Share share = share_of(rows, 1, rank, team_.size());
      for (std::int64_t row = share.begin; row < share.end; ++row) {
        Rng of_row(stream + static_cast<std::uint64_t>(row));
        for (std::int64_t i = 0; i < columns; ++i)
          to[row * columns + i] = static_cast<float>(middle + (of_row.uniform() - 0.5) * range);
      }
    });
    used_ += rows * columns;
    return to;
  }

  Team& team_;
  Buffer memory_;
  std::uint64_t seed_;
  std::int64_t used_ = 0;  // elements
};

std::int64_t elements_of(const DecoderShape& s) {
  const std::int64_t queries = s.query_heads * s.head_dim, keys = s.kv_heads * s.head_dim;
  const std::int64_t layer = s.hidden * (2 * queries + 2 * keys + 3 * s.intermediate + 2);
  return s.layers * layer + s.hidden * (2 * s.vocabulary + 1);
}

class Decoder final : public Compute {
 public:
  Decoder(Team& team, const DecoderShape& shape, std::uint64_t seed)
      : team_(team), s_(shape), weights_(team, elements_of(shape), seed) {
    embedding_ = weights_.matrix(s_.vocabulary, s_.hidden);
    for (std::int64_t l = 0; l < s_.layers; ++l) {
      layers_.push_back({weights_.gains(s_.hidden), weights_.matrix(queries() + 2 * keys(), s_.hidden),
                         weights_.matrix(s_.hidden, queries()), weights_.gains(s_.hidden),
                         weights_.matrix(2 * s_.intermediate, s_.hidden), weights_.matrix(s_.hidden, s_.intermediate)});
    }
    final_gain_ = weights_.gains(s_.hidden);
    head_ = weights_.matrix(s_.vocabulary, s_.hidden);
    logits_.resize(static_cast<std::size_t>(s_.vocabulary));
  }

  std::span<const float> step(const ComputeStep& step) override {
    const auto tokens = static_cast<std::int64_t>(step.tokens.size());
    make_room(tokens);
    embed(step.tokens);
    for (std::int64_t l = 0; l < s_.layers; ++l) {
      const Layer& layer = layers_[static_cast<std::size_t>(l)];
      rms_norm(team_, tokens, s_.hidden, x_.data(), layer.input_gain, h_.data());
      attend(layer, l, step);
      rms_norm(team_, tokens, s_.hidden, x_.data(), layer.mlp_gain, h_.data());
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
      std::copy_n(embedding_ + tokens[i] * width, width, x_.data() + i * width);
    }
  }

  /// Queries, keys and values of the new tokens, each [token][head][element]. One token's lie behind each other in the
  /// rows' order anyway; for more, each has its own product.
  void project(const Layer& layer, std::int64_t tokens) {
    if (tokens == 1) {
      product(team_, 1, queries() + 2 * keys(), s_.hidden, h_.data(), layer.qkv, qkv_.data());
      return;
    }
    std::int64_t row = 0;
    for (const std::int64_t width : {queries(), keys(), keys()}) {
      product(team_, tokens, width, s_.hidden, h_.data(), layer.qkv + row * s_.hidden, qkv_.data() + row * tokens);
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
    product(team_, tokens, s_.hidden, queries(), attended_.data(), layer.output, y_.data());
    add(team_, tokens * s_.hidden, y_.data(), x_.data());
  }

  void feed_forward(const Layer& layer, std::int64_t tokens) {
    product(team_, tokens, 2 * s_.intermediate, s_.hidden, h_.data(), layer.gate_up, gate_up_.data());
    silu_multiply(team_, tokens, s_.intermediate, gate_up_.data(), activated_.data());
    product(team_, tokens, s_.hidden, s_.intermediate, activated_.data(), layer.down, y_.data());
    add(team_, tokens * s_.hidden, y_.data(), x_.data());
  }

  void sample(const float* x) {
    rms_norm(team_, 1, s_.hidden, x, final_gain_, h_.data());
    product(team_, 1, s_.vocabulary, s_.hidden, h_.data(), head_, logits_.data());
  }

  Team& team_;
  DecoderShape s_;
  Weights weights_;
  const float *embedding_ = nullptr, *final_gain_ = nullptr, *head_ = nullptr;
  std::vector<Layer> layers_;
  Floats logits_;
  Floats x_, h_, y_, qkv_, attended_, gate_up_, activated_;  // of the step at hand
  std::vector<float*> blocks_;                               // of the layer at hand
};

}  // namespace

std::unique_ptr<Compute> make_decoder(Team& team, const DecoderShape& shape, std::uint64_t seed) {
  return std::make_unique<Decoder>(team, shape, seed);
}

}  // namespace tiersim::calib
