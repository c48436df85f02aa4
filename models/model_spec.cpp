#include "models/model_spec.hpp"

#include <algorithm>
#include <cmath>

namespace tiersim::models {
namespace {

constexpr std::int64_t divided(std::int64_t n, std::int64_t ranks) { return (n + ranks - 1) / ranks; }

Bytes rounded_bytes(double bytes) { return Bytes(std::lround(bytes)); }

/// Parameters on one rank, by the type that they are stored in.
struct Counted {
  std::int64_t weights = 0, experts = 0;
};

std::int64_t softmax_parameters(const ModelSpec& m, const Attention& a, std::int64_t ranks) {
  const std::int64_t heads = divided(a.query_heads, ranks), kv_heads = a.shares_kv ? 0 : divided(a.kv_heads, ranks);
  const std::int64_t queries = heads * a.head_dim, keys = kv_heads * a.head_dim;
  const std::int64_t qkv = queries + keys + kv_heads * a.values();
  std::int64_t sum = qkv * m.hidden + heads * a.values() * m.hidden;
  if (a.qkv_bias) sum += qkv;
  if (a.output_bias) sum += m.hidden;
  if (a.sinks) sum += heads;
  if (a.qk_norm == QkNorm::head) sum += a.shares_kv ? a.head_dim : 2 * a.head_dim;
  if (a.qk_norm == QkNorm::whole) sum += queries + keys;
  return sum;
}

/// Down into the latents (whole on every rank, with their norms), up into the heads.
std::int64_t latent_parameters(const ModelSpec& m, const Attention& a, std::int64_t ranks) {
  const std::int64_t heads = divided(a.query_heads, ranks), queries = heads * (a.nope_dim + a.rope_dim);
  const std::int64_t from = a.q_rank > 0 ? a.q_rank : m.hidden;
  std::int64_t sum = from * queries;
  if (a.q_rank > 0) sum += m.hidden * a.q_rank + a.q_rank;
  sum += m.hidden * (a.kv_rank + a.rope_dim) + a.kv_rank;
  sum += a.kv_rank * heads * (a.nope_dim + a.values());
  return sum + heads * a.values() * m.hidden;
}

/// Projections in and out, convolution with its bias, the projections of step, input and output, A and D.
std::int64_t recurrent_parameters(const ModelSpec& m, const Attention& a, std::int64_t ranks) {
  const std::int64_t inner = divided(a.expand * m.hidden, ranks), small = a.step_rank + 2 * a.state_dim;
  const std::int64_t projections = m.hidden * 2 * inner + inner * small + a.step_rank * inner + inner * m.hidden;
  const std::int64_t vectors = inner * (a.conv_width + 1) + inner + inner * a.state_dim + inner;
  return projections + vectors + (a.inner_norms ? small : 0);
}

std::int64_t attention_parameters(const ModelSpec& m, const Attention& a, std::int64_t ranks) {
  switch (a.kind) {
    case AttentionKind::softmax:
      return softmax_parameters(m, a, ranks);
    case AttentionKind::latent:
      return latent_parameters(m, a, ranks);
    case AttentionKind::recurrent:
      return recurrent_parameters(m, a, ranks);
    case AttentionKind::none:
      break;
  }
  return 0;
}

/// One network between hidden and `width` elements.
std::int64_t network_parameters(const ModelSpec& m, const FeedForward& f, std::int64_t width) {
  const std::int64_t in = f.gated ? 2 * width : width;
  return (in + width) * m.hidden + (f.bias ? in + m.hidden : 0);
}

Counted feed_forward_parameters(const ModelSpec& m, const FeedForward& f, std::int64_t experts, const Ranks& ranks) {
  if (f.experts == 0) return {network_parameters(m, f, divided(f.intermediate, ranks.tensor)), 0};
  Counted sum{m.hidden * f.experts + (f.router_bias ? f.experts : 0), 0};
  if (f.shared_intermediate > 0) sum.weights += network_parameters(m, f, divided(f.shared_intermediate, ranks.tensor));
  if (f.shared_gate) sum.weights += m.hidden;
  sum.experts = divided(experts, ranks.expert) *
                network_parameters(m, f, divided(f.expert_intermediate, ranks.tensor / ranks.expert));
  return sum;
}

/// Parameters of one GPU of a stage; with one GPU, all of them. `only_active`: with the experts of one token.
Counted parameters_of(const ModelSpec& m, const Ranks& ranks, std::int64_t stage, bool only_active) {
  const std::int64_t norm = m.norm == NormKind::layer ? 2 * m.hidden : m.hidden;
  const bool first = stage == 0, last = stage + 1 == ranks.pipeline;
  Counted sum;
  for (const LayerGroup& g : layers_of_stage(m, ranks, stage)) {
    const FeedForward& f = g.feed_forward;
    const Counted network = feed_forward_parameters(m, f, only_active ? f.active : f.experts, ranks);
    sum.weights += g.layers * (attention_parameters(m, g.attention, ranks.tensor) + network.weights + m.norms * norm);
    sum.experts += g.layers * network.experts;
  }
  const std::int64_t rows = divided(m.vocabulary, ranks.tensor);
  const bool shared = m.tied_embeddings && first;  // the head is the matrix that is here already
  if (first) sum.weights += (rows + m.positions) * m.hidden;
  if (last) sum.weights += norm + (shared ? 0 : rows * m.hidden) + (m.head_bias ? rows : 0);
  return sum;
}

/// Elements of one token's keys and values in one layer, where the heads are held by this many ranks.
std::int64_t kv_elements(const Attention& a, std::int64_t ranks) {
  if (a.shares_kv) return 0;
  if (a.kind == AttentionKind::softmax) return divided(a.kv_heads, ranks) * (a.head_dim + a.values());
  return a.kind == AttentionKind::latent ? a.kv_rank + a.rope_dim : 0;
}

Bytes kv_of(const ModelSpec& m, const Ranks& ranks, std::int64_t stage) {
  std::int64_t elements = 0;
  for (const LayerGroup& g : layers_of_stage(m, ranks, stage))
    elements += g.layers * kv_elements(g.attention, ranks.tensor);
  return rounded_bytes(static_cast<double>(elements) * m.kv_bytes);
}

}  // namespace

std::vector<LayerGroup> ModelSpec::layer_groups() const {
  if (!groups.empty()) return groups;
  LayerGroup uniform;
  uniform.layers = layers;
  uniform.attention.query_heads = query_heads, uniform.attention.kv_heads = kv_heads;
  uniform.attention.head_dim = head_dim, uniform.attention.qkv_bias = qkv_bias;
  uniform.attention.rotary = positions == 0;
  uniform.feed_forward.intermediate = intermediate;
  return {uniform};
}

std::int64_t ModelSpec::parameters() const {
  const Counted all = parameters_of(*this, {}, 0, false);
  return all.weights + all.experts;
}

std::int64_t ModelSpec::active_parameters() const {
  const Counted active = parameters_of(*this, {}, 0, true);
  return active.weights + active.experts;
}

Bytes ModelSpec::weights_per_rank(std::int64_t ranks) const { return weights_per_gpu({.tensor = ranks}, 0); }

Bytes ModelSpec::weights_per_gpu(const Ranks& ranks, std::int64_t stage) const {
  const Counted counted = parameters_of(*this, ranks, stage, false);
  return rounded_bytes(static_cast<double>(counted.weights) * weight_bytes +
                       static_cast<double>(counted.experts) * expert_bytes());
}

Bytes ModelSpec::kv_per_token() const { return kv_of(*this, {}, 0); }

Bytes ModelSpec::kv_per_token_per_rank(std::int64_t ranks) const { return kv_of(*this, {.tensor = ranks}, 0); }

Bytes ModelSpec::kv_per_token_per_gpu(const Ranks& ranks, std::int64_t stage) const {
  return kv_of(*this, ranks, stage);
}

Bytes ModelSpec::kv_of_sequence(Tokens context) const {
  std::int64_t elements = 0;
  for (const LayerGroup& g : layer_groups()) {
    const Tokens window = g.attention.window;
    const Tokens kept = window > Tokens(0) ? std::min(window, context) : context;
    elements += kept.value() * g.layers * kv_elements(g.attention, 1);
  }
  return rounded_bytes(static_cast<double>(elements) * kv_bytes) + state_of_sequence();
}

Bytes ModelSpec::state_of_sequence() const {
  std::int64_t elements = 0;
  for (const LayerGroup& g : layer_groups()) {
    const Attention& a = g.attention;
    if (a.kind != AttentionKind::recurrent) continue;
    elements += g.layers * a.expand * hidden * (a.state_dim + a.conv_width - 1);
  }
  return rounded_bytes(static_cast<double>(elements) * activation_bytes);
}

Tokens ModelSpec::window() const {
  Tokens longest(0);
  for (const LayerGroup& g : groups) longest = std::max(longest, g.attention.window);
  return longest;
}

std::int64_t ModelSpec::widest_intermediate() const {
  std::int64_t widest = 0;
  for (const LayerGroup& g : layer_groups()) {
    const FeedForward& f = g.feed_forward;
    widest =
        std::max(widest, f.experts > 0 ? f.active * f.expert_intermediate + f.shared_intermediate : f.intermediate);
  }
  return widest;
}

}  // namespace tiersim::models
