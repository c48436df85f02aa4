// What depends on a token count alone: projections, feed-forward networks, norms, head. The rest:
// operators_attention.cpp.
#include "sim/cost/operators.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "sim/core/diagnostics.hpp"
#include "sim/core/mathematics.hpp"
#include "sim/cost/operator_parts.hpp"

namespace tiersim {
namespace {

using detail::elementwise;
using detail::product;
using models::AttentionKind;
using models::FeedForward;
using models::LayerGroup;

bool same(const Operator& a, const Operator& b) {
  return a.flops == b.flops && a.bytes == b.bytes && a.m == b.m && a.n == b.n && a.k == b.k &&
         std::string_view(a.name) == b.name;
}

/// Adds an operator, to its equal from another group where there is one.
void add(Operators& out, const Operator& op) {
  const auto at = std::find_if(out.begin(), out.end(), [&](const Operator& o) { return same(o, op); });
  if (at == out.end()) {
    out.push_back(op);
  } else {
    at->repeats += op.repeats;
  }
}

double times(std::int64_t a, std::int64_t b) { return static_cast<double>(a) * static_cast<double>(b); }

/// Of E experts, those that T tokens are expected to touch with k each: E (1 - (1 - k/E)^T).
double touched(const FeedForward& f, std::int64_t tokens) {
  const double experts = static_cast<double>(f.experts), active = static_cast<double>(f.active);
  if (f.active >= f.experts) return experts;
  return experts * (1 - power(1 - active / experts, static_cast<double>(tokens)));
}

/// Rows of the busiest of the ranks among which T tokens with k experts each are spread.
double busiest(const FeedForward& f, std::int64_t tokens, std::int64_t ranks) {
  const double rows = times(tokens, f.active);
  if (ranks == 1) return rows;
  const double mean = rows / static_cast<double>(ranks);
  const double most = times(tokens, std::min(f.active, f.experts / ranks));
  return std::min(most, mean + std::sqrt(2 * mean * natural_log(static_cast<double>(ranks))));
}

/// One of the two grouped products of routed experts: `rows` tokens over `experts` experts' weights of n x k.
Operator expert_product(const char* name, double rows, double experts, std::int64_t n, std::int64_t k,
                        detail::ProductBytes bytes, std::int64_t repeats) {
  const double nk = times(n, k);
  return {.name = name,
          .kernel = kernel::kExperts,
          .kind = OperatorKind::gemm,
          .flops = Flops(2 * rows * nk),
          .bytes = bytes.weights * experts * nk + bytes.activations * rows * static_cast<double>(n + k),
          .repeats = repeats,
          .m = std::lround(rows),
          .n = n,
          .k = k};
}

bool alike(const models::Attention& a, const models::Attention& b) {
  return a.kind == b.kind && a.window == b.window && a.query_heads == b.query_heads && a.kv_heads == b.kv_heads &&
         a.head_dim == b.head_dim && a.values() == b.values() && a.kv_rank == b.kv_rank && a.rope_dim == b.rope_dim &&
         a.nope_dim == b.nope_dim && a.state_dim == b.state_dim && a.conv_width == b.conv_width && a.expand == b.expand;
}

}  // namespace

StepOperators::StepOperators(const models::ModelSpec& model, Ranks ranks)
    : model_(model), groups_(model.layer_groups()), ranks_(ranks) {
  ensure(ranks.tensor % ranks.expert == 0, "expert ranks do not divide the tensor ranks");
  for (const LayerGroup& g : groups_) {
    if (g.attention.kind == AttentionKind::none) continue;
    const auto at = std::find_if(attentions_.begin(), attentions_.end(),
                                 [&](const Layers& l) { return alike(l.attention, g.attention); });
    if (at == attentions_.end()) {
      attentions_.push_back({g.attention, g.layers});
    } else {
      at->count += g.layers;
    }
  }
}

std::int64_t StepOperators::kv_heads(const models::Attention& a) const {
  return std::max<std::int64_t>(1, a.kv_heads / ranks_.tensor);
}

Operators StepOperators::linear(Tokens tokens) const {
  const std::int64_t t = tokens.value();
  const double a = model_.activation_bytes, td = times(t, model_.hidden);
  Operators out;
  add(out, elementwise("embedding", kernel::kAdd, 2 * td * a, 0, 1));
  for (const LayerGroup& g : groups_) {
    // With the residual: two in, two out.
    if (model_.norms > 0) add(out, elementwise("input norm", kernel::kNorm, 4 * td * a, 7 * td, g.layers));
    projections(g, t, out);
    if (model_.norms > 1) add(out, elementwise("post-attention norm", kernel::kNorm, 4 * td * a, 7 * td, g.layers));
    if (model_.norms > 2)
      add(out, elementwise("other norms", kernel::kNorm, 2 * td * a, 7 * td, g.layers * (model_.norms - 2)));
    feed_forward(g, t, out);
  }
  if (ranks_.pipeline > 1)
    add(out, communication("send to next stage", kernel::kSend, OperatorKind::send, td, 2, ranks_.pipeline - 1));
  return out;
}

Operators StepOperators::head(std::int64_t sampled) const {
  if (sampled == 0) return {};
  const double sd = times(sampled, model_.hidden), logits = times(sampled, model_.vocabulary);
  const detail::ProductBytes bytes{model_.weight_bytes, model_.activation_bytes};
  return {elementwise("final norm", kernel::kFinalNorm, 4 * sd * model_.activation_bytes, 7 * sd, 1),
          product("head", sampled, model_.vocabulary / ranks_.tensor, model_.hidden, bytes, 1),
          elementwise("sampling", kernel::kSoftmax, 4 * logits, logits, 1)};
}

void StepOperators::projections(const LayerGroup& g, std::int64_t t, Operators& out) const {
  if (g.attention.kind == AttentionKind::none) return;
  if (g.attention.kind == AttentionKind::softmax) softmax_projections(g, t, out);
  if (g.attention.kind == AttentionKind::latent) latent_projections(g, t, out);
  if (g.attention.kind == AttentionKind::recurrent) recurrent_projections(g, t, out);
  if (!model_.parallel) reduce("all-reduce", t * model_.hidden, g.layers, out);
}

Operator StepOperators::communication(const char* name, const char* kernel, OperatorKind kind, double elements,
                                      std::int64_t ranks, std::int64_t repeats) const {
  return {.name = name,
          .kernel = kernel,
          .kind = kind,
          .bytes = elements * model_.activation_bytes,
          .repeats = repeats,
          .ranks = ranks};
}

/// Sums partial results over the ranks.
void StepOperators::reduce(const char* name, std::int64_t elements, std::int64_t repeats, Operators& out) const {
  if (ranks_.tensor == 1) return;
  add(out, communication(name, kernel::kAllReduce, OperatorKind::all_reduce, static_cast<double>(elements),
                         ranks_.tensor, repeats));
}

/// Tokens to the ranks of their experts, or back.
void StepOperators::exchange(const char* name, const LayerGroup& g, std::int64_t t, Operators& out) const {
  if (ranks_.expert == 1) return;
  const double routed = times(t, g.feed_forward.active) * static_cast<double>(model_.hidden);
  add(out, communication(name, kernel::kAllToAll, OperatorKind::all_to_all, routed / static_cast<double>(ranks_.expert),
                         ranks_.expert, g.layers));
}

void StepOperators::softmax_projections(const LayerGroup& g, std::int64_t t, Operators& out) const {
  const models::Attention& at = g.attention;
  const detail::ProductBytes bytes{model_.weight_bytes, model_.activation_bytes};
  const double a = model_.activation_bytes;
  const std::int64_t q = heads(at) * at.head_dim, o = heads(at) * at.values();
  const std::int64_t k = at.shares_kv ? 0 : kv_heads(at) * at.head_dim;
  const std::int64_t v = at.shares_kv ? 0 : kv_heads(at) * at.values();
  const double turned = static_cast<double>(t * (q + k));
  add(out, product("qkv", t, q + k + v, model_.hidden, bytes, g.layers));
  if (at.qk_norm != models::QkNorm::none)
    add(out, elementwise("query and key norm", kernel::kNorm, 2 * turned * a, 7 * turned, g.layers));
  if (at.rotary) add(out, elementwise("rotary", kernel::kRotary, 2 * turned * a, 6 * turned, g.layers));
  if (!at.shares_kv)
    add(out,
        elementwise("kv write", kernel::kKvWrite, static_cast<double>(t * (k + v)) * model_.kv_bytes, 0, g.layers));
  add(out, product("attention output", t, model_.hidden, o, bytes, g.layers));
}

void StepOperators::latent_projections(const LayerGroup& g, std::int64_t t, Operators& out) const {
  const models::Attention& at = g.attention;
  const detail::ProductBytes bytes{model_.weight_bytes, model_.activation_bytes};
  const std::int64_t d = model_.hidden, q = heads(at) * (at.nope_dim + at.rope_dim), kept = at.kv_rank + at.rope_dim;
  if (at.q_rank > 0) add(out, product("query down", t, at.q_rank, d, bytes, g.layers));
  add(out, product(at.q_rank > 0 ? "query up" : "query", t, q, at.q_rank > 0 ? at.q_rank : d, bytes, g.layers));
  add(out, product("kv down", t, kept, d, bytes, g.layers));
  const double normed = times(t, at.q_rank + at.kv_rank), turned = times(t, (heads(at) + 1) * at.rope_dim);
  const double a = model_.activation_bytes;
  add(out, elementwise("latent norms", kernel::kNorm, 2 * normed * a, 7 * normed, g.layers));
  add(out, elementwise("rotary", kernel::kRotary, 2 * turned * a, 6 * turned, g.layers));
  add(out, elementwise("kv write", kernel::kKvWrite, 2 * times(t, kept) * model_.kv_bytes, 0, g.layers));
  add(out, product("attention output", t, d, heads(at) * at.values(), bytes, g.layers));
}

void StepOperators::recurrent_projections(const LayerGroup& g, std::int64_t t, Operators& out) const {
  const models::Attention& at = g.attention;
  const detail::ProductBytes bytes{model_.weight_bytes, model_.activation_bytes};
  const std::int64_t inner = at.expand * model_.hidden / ranks_.tensor, small = at.step_rank + 2 * at.state_dim;
  const double channels = times(t, inner);
  add(out, product("in projection", t, 2 * inner, model_.hidden, bytes, g.layers));
  add(out, elementwise("convolution", kernel::kAdd, 2 * channels * model_.activation_bytes,
                       2 * channels * static_cast<double>(at.conv_width), g.layers));
  add(out, product("step, in and out", t, small, inner, bytes, g.layers));
  reduce("all-reduce of steps", t * small, g.layers, out);
  add(out, product("step size", t, inner, at.step_rank, bytes, g.layers));
  add(out, product("out projection", t, model_.hidden, inner, bytes, g.layers));
}

void StepOperators::feed_forward(const LayerGroup& g, std::int64_t t, Operators& out) const {
  const FeedForward& f = g.feed_forward;
  if (f.experts > 0) {
    experts(g, t, out);
  } else {
    dense({f.gated ? "gate and up" : "up", "activation", "down"}, g, f.intermediate / ranks_.tensor, t, out);
  }
  reduce("all-reduce", t * model_.hidden, g.layers, out);
}

/// `names`: of the product into the network, of its activation, of the product out of it.
void StepOperators::dense(const char* const (&names)[3], const LayerGroup& g, std::int64_t width, std::int64_t t,
                          Operators& out) const {
  const bool gated = g.feed_forward.gated;
  const detail::ProductBytes bytes{model_.weight_bytes, model_.activation_bytes};
  const double tf = times(t, width);
  add(out, product(names[0], t, gated ? 2 * width : width, model_.hidden, bytes, g.layers));
  add(out,
      elementwise(names[1], kernel::kActivation, (gated ? 3 : 2) * tf * model_.activation_bytes, 2 * tf, g.layers));
  add(out, product(names[2], t, model_.hidden, width, bytes, g.layers));
}

void StepOperators::experts(const LayerGroup& g, std::int64_t t, Operators& out) const {
  const FeedForward& f = g.feed_forward;
  const double a = model_.activation_bytes, share = 1.0 / static_cast<double>(ranks_.expert);
  const std::int64_t d = model_.hidden, width = f.expert_intermediate / (ranks_.tensor / ranks_.expert);
  const double rows = busiest(f, t, ranks_.expert), read = touched(f, t) * share, scores = times(t, f.experts);
  const detail::ProductBytes bytes{model_.expert_bytes(), a};
  add(out, product("router", t, f.experts, d, {model_.weight_bytes, a}, g.layers));
  add(out, elementwise("routing", kernel::kSoftmax, 4 * scores, scores, g.layers));
  exchange("dispatch", g, t, out);
  const std::int64_t in = f.gated ? 2 * width : width;
  const double inner = rows * static_cast<double>(width);
  add(out, expert_product(f.gated ? "experts' gate and up" : "experts' up", rows, read, in, d, bytes, g.layers));
  add(out, elementwise("experts' activation", kernel::kActivation, (f.gated ? 3 : 2) * inner * a, 2 * inner, g.layers));
  add(out, expert_product("experts' down", rows, read, d, width, bytes, g.layers));
  const double gathered = rows * static_cast<double>(d);
  exchange("combine", g, t, out);
  add(out, elementwise("experts' sum", kernel::kAdd, (gathered + times(t, d)) * a, 2 * gathered, g.layers));
  if (f.shared_intermediate == 0) return;
  dense({f.gated ? "shared gate and up" : "shared up", "shared activation", "shared down"}, g,
        f.shared_intermediate / ranks_.tensor, t, out);
}

}  // namespace tiersim
