#include "models/model_spec.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tiersim::models {
namespace {

using config::Range;

constexpr std::int64_t divided(std::int64_t n, std::int64_t ranks) { return (n + ranks - 1) / ranks; }

Bytes rounded_bytes(double bytes) { return Bytes(static_cast<std::int64_t>(bytes + 0.5)); }

/// Parameters of one rank; with one rank, all of them.
std::int64_t parameters_of(const ModelSpec& m, std::int64_t ranks) {
  const std::int64_t queries = divided(m.query_heads, ranks) * m.head_dim;
  const std::int64_t qkv = queries + 2 * divided(m.kv_heads, ranks) * m.head_dim;
  const std::int64_t attention = qkv * m.hidden + queries * m.hidden + (m.qkv_bias ? qkv : 0);
  const std::int64_t mlp = 3 * m.hidden * divided(m.intermediate, ranks);
  const std::int64_t norms = 2 * m.hidden;
  const std::int64_t vocabulary = divided(m.vocabulary, ranks) * m.hidden;
  return m.layers * (attention + mlp + norms) + m.hidden + vocabulary * (m.tied_embeddings ? 1 : 2);
}

/// Bytes of one token's keys and values where each group holds its heads over this many ranks.
Bytes kv_of(const ModelSpec& m, std::int64_t ranks) {
  std::int64_t elements = 0;
  for (const LayerGroup& g : m.groups) elements += 2 * g.layers * divided(g.kv_heads, ranks) * g.head_dim;
  return rounded_bytes(static_cast<double>(elements) * m.kv_bytes);
}

}  // namespace

std::int64_t ModelSpec::parameters() const { return parameters_of(*this, 1); }

Bytes ModelSpec::weights_per_rank(std::int64_t ranks) const {
  return rounded_bytes(static_cast<double>(parameters_of(*this, ranks)) * weight_bytes);
}

Bytes ModelSpec::kv_per_token() const { return kv_of(*this, 1); }

Bytes ModelSpec::kv_per_token_per_rank(std::int64_t ranks) const { return kv_of(*this, ranks); }

ModelSpec read_model(config::Fields& fields) {
  // The upper ends keep every product of shapes within 64 bits.
  constexpr Range kWidth{1, 1e6}, kHeads{1, 1024}, kElement{0.01, 64};
  ModelSpec m;
  m.name = fields.text("name");
  m.layers = fields.count("layers", {}, Range{1, 1000});
  m.hidden = fields.count("hidden", {}, kWidth);
  m.query_heads = fields.count("query_heads", {}, kHeads);
  m.kv_heads = fields.count("kv_heads", {}, kHeads);
  m.head_dim = fields.count("head_dim", {}, Range{1, 4096});
  m.intermediate = fields.count("intermediate", {}, kWidth);
  m.vocabulary = fields.count("vocabulary", {}, Range{1, 1e7});
  m.tied_embeddings = fields.flag("tied_embeddings", false);
  m.qkv_bias = fields.flag("qkv_bias", false);
  m.max_context = fields.tokens("max_context", {}, Range{1, 1e9});
  m.weight_bytes = fields.number("weight_bytes", 2, kElement);
  m.activation_bytes = fields.number("activation_bytes", 2, kElement);
  m.kv_bytes = fields.number("kv_bytes", 2, kElement);
  if (m.kv_heads > 0 && m.query_heads % m.kv_heads != 0) {
    fields.error("kv_heads", fmt::format("{} query heads in {} cannot be shared by {} key and value heads",
                                         m.query_heads, fields.what(), m.kv_heads));
  }
  fields.finish();
  m.groups = {{KvKind::full_attention, m.layers, m.kv_heads, m.head_dim}};
  return m;
}

}  // namespace tiersim::models
