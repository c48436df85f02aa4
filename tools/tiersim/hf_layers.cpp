#include "tools/tiersim/hf_layers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tiersim::cli::hf {
namespace {

constexpr std::int64_t kMostLayers = 1000;

bool sees_all(const HfConfig& c, std::int64_t i, std::int64_t period) {
  const std::string type = c.item("layer_types", i);
  return type.empty() ? (i + 1) % period == 0 : type == "full_attention";
}

}  // namespace

LayerGroup plain_layer(const HfConfig& c) {
  LayerGroup g;
  g.layers = 1;
  g.attention.query_heads = c.count("num_attention_heads");
  g.attention.kv_heads = c.count("num_key_value_heads", g.attention.query_heads);
  const std::int64_t heads = at_least_one(g.attention.query_heads);
  g.attention.head_dim = c.has("head_dim") ? c.count("head_dim") : c.count("hidden_size") / heads;
  return g;
}

FeedForward mixture(std::int64_t experts, std::int64_t active, std::int64_t width) {
  FeedForward f;
  f.experts = experts, f.active = active, f.expert_intermediate = width;
  return f;
}

FeedForward dense(std::int64_t width) {
  FeedForward f;
  f.intermediate = width;
  return f;
}

ModelSpec frame(const HfConfig& c, bool tied, const LayerGroup& layer) {
  ModelSpec m;
  m.layers = c.count("num_hidden_layers");
  if (m.layers > kMostLayers) c.error(fmt::format("{} layers: a model has at most {}", m.layers, kMostLayers));
  m.hidden = c.count("hidden_size");
  m.vocabulary = c.count("vocab_size");
  m.max_context = Tokens(c.count("max_position_embeddings"));
  m.tied_embeddings = c.flag("tie_word_embeddings", tied);
  m.groups.assign(static_cast<std::size_t>(std::min(m.layers, kMostLayers)), layer);
  return m;
}

Tokens window_of(const HfConfig& c) {
  const Tokens window(c.count("sliding_window", 0));
  return window < Tokens(c.count("max_position_embeddings", 0)) ? window : Tokens(0);
}

ModelSpec sparse(const HfConfig& c, ModelSpec m, const FeedForward& f) {
  const std::int64_t step = at_least_one(c.count("decoder_sparse_step", 1));
  std::vector<std::string> plain;
  for (std::int64_t i = 0; !c.item("mlp_only_layers", i).empty(); ++i) plain.push_back(c.item("mlp_only_layers", i));
  each_layer(m, [&](std::int64_t i, LayerGroup& g) {
    const bool listed = std::find(plain.begin(), plain.end(), fmt::format("{}", i)) != plain.end();
    if ((i + 1) % step == 0 && !listed) g.feed_forward = f;
  });
  return m;
}

ModelSpec alternating(const HfConfig& c, ModelSpec m, Tokens window, std::int64_t period) {
  each_layer(m, [&](std::int64_t i, LayerGroup& g) {
    if (!sees_all(c, i, period)) g.attention.window = window;
  });
  return m;
}

Attention mamba(const HfConfig& c) {
  Attention a;
  a.kind = models::AttentionKind::recurrent;
  a.state_dim = c.count("mamba_d_state", 16), a.conv_width = c.count("mamba_d_conv", 4);
  a.expand = c.count("mamba_expand", 2);
  const bool automatic = c.text("mamba_dt_rank") == "auto" || !c.has("mamba_dt_rank");
  a.step_rank = automatic ? (c.count("hidden_size") + 15) / 16 : c.count("mamba_dt_rank");
  a.inner_norms = true;
  return a;
}

}  // namespace tiersim::cli::hf
