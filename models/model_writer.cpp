#include "models/model_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/config/units_text.hpp"

namespace tiersim::models {
namespace {

using config::Value;

/// A map under construction; what is at its default is left out.
class MapText {
 public:
  MapText() { value_.kind = config::Kind::map; }
  void put(const char* key, Value value) {
    value_.key_marks.emplace_back();
    value_.entries.emplace_back(key, std::move(value));
  }
  void text(const char* key, std::string text) { put(key, config::scalar(std::move(text))); }
  void count(const char* key, std::int64_t n, std::int64_t otherwise = 0) {
    if (n != otherwise) text(key, fmt::format("{}", n));
  }
  void flag(const char* key, bool on, bool otherwise = false) {
    if (on != otherwise) text(key, on ? "true" : "false");
  }
  void number(const char* key, double x, double otherwise) {
    if (x != otherwise) text(key, config::text_of_number(x));
  }
  void tokens(const char* key, Tokens n) {
    if (n > Tokens(0)) text(key, config::text_of(n));
  }
  void map(const char* key, MapText inner) {
    if (!inner.value_.entries.empty()) put(key, inner.take());
  }
  [[nodiscard]] Value take() { return std::move(value_); }

 private:
  Value value_;
};

/// What the top level says for all groups: the short form's keys.
struct Common {
  std::int64_t query_heads = 0, kv_heads = 0, head_dim = 0, intermediate = 0;
};

MapText attention_map(const Attention& a, const Common& common) {
  MapText out;
  if (a.kind == AttentionKind::latent) out.text("kind", "latent");
  if (a.kind == AttentionKind::recurrent) out.text("kind", "recurrent");
  if (a.kind == AttentionKind::none) out.text("kind", "none");
  if (a.kind == AttentionKind::softmax || a.kind == AttentionKind::latent)
    out.count("query_heads", a.query_heads, common.query_heads);
  if (a.kind == AttentionKind::softmax) {
    out.count("kv_heads", a.kv_heads, common.kv_heads), out.count("head_dim", a.head_dim, common.head_dim);
    out.count("value_dim", a.value_dim);
    out.tokens("window", a.window);
    out.flag("shares_kv", a.shares_kv), out.flag("rotary", a.rotary, true);
    out.flag("qkv_bias", a.qkv_bias), out.flag("output_bias", a.output_bias), out.flag("sinks", a.sinks);
    if (a.qk_norm != QkNorm::none) out.text("qk_norm", a.qk_norm == QkNorm::head ? "head" : "whole");
  }
  if (a.kind == AttentionKind::latent) {
    out.count("q_rank", a.q_rank), out.count("kv_rank", a.kv_rank), out.count("rope_dim", a.rope_dim);
    out.count("nope_dim", a.nope_dim), out.count("value_dim", a.value_dim);
  }
  if (a.kind == AttentionKind::recurrent) {
    out.count("state_dim", a.state_dim), out.count("conv_width", a.conv_width), out.count("expand", a.expand);
    out.count("step_rank", a.step_rank), out.flag("inner_norms", a.inner_norms);
  }
  return out;
}

MapText feed_forward_map(const FeedForward& f, const Common& common) {
  MapText out;
  out.flag("gated", f.gated, true), out.flag("bias", f.bias);
  if (f.experts == 0) {
    out.count("intermediate", f.intermediate, common.intermediate);
    return out;
  }
  out.count("experts", f.experts), out.count("active", f.active);
  out.count("expert_intermediate", f.expert_intermediate), out.count("shared_intermediate", f.shared_intermediate);
  out.flag("shared_gate", f.shared_gate), out.flag("router_bias", f.router_bias);
  return out;
}

/// Attention, then feed-forward, into the map of a group or of the model.
void put_layers(MapText& out, const LayerGroup& group, const Common& common) {
  out.map("attention", attention_map(group.attention, common));
  out.map("feed_forward", feed_forward_map(group.feed_forward, common));
}

std::string text_of(const LayerGroup& group) {
  MapText out;
  put_layers(out, group, {});
  return config::to_yaml(out.take());
}

std::vector<LayerGroup> folded(const std::vector<LayerGroup>& groups) {
  std::vector<LayerGroup> out;
  for (const LayerGroup& g : groups) {
    const std::string text = text_of(g);
    const auto at = std::find_if(out.begin(), out.end(), [&](const LayerGroup& o) { return text_of(o) == text; });
    if (at == out.end()) {
      out.push_back(g);
    } else {
      at->layers += g.layers;
    }
  }
  return out;
}

/// Each from the first group that has it.
Common common_of(const std::vector<LayerGroup>& groups) {
  Common common;
  const auto take = [](std::int64_t& to, std::int64_t from) { to = to == 0 ? from : to; };
  for (const LayerGroup& g : groups) {
    const bool softmax = g.attention.kind == AttentionKind::softmax;
    if (softmax || g.attention.kind == AttentionKind::latent) take(common.query_heads, g.attention.query_heads);
    if (softmax) take(common.kv_heads, g.attention.kv_heads), take(common.head_dim, g.attention.head_dim);
    if (g.feed_forward.experts == 0) take(common.intermediate, g.feed_forward.intermediate);
  }
  return common;
}

void put_groups(MapText& out, const std::vector<LayerGroup>& groups) {
  const Common common = common_of(groups);
  out.count("query_heads", common.query_heads), out.count("kv_heads", common.kv_heads);
  out.count("head_dim", common.head_dim), out.count("intermediate", common.intermediate);
  if (groups.size() == 1) return put_layers(out, groups.front(), common);
  Value list;
  list.kind = config::Kind::list;
  for (const LayerGroup& g : groups) {
    MapText item;
    item.count("layers", g.layers);
    put_layers(item, g, common);
    list.items.push_back(item.take());
  }
  out.put("groups", std::move(list));
}

}  // namespace

Value to_value(const ModelSpec& m) {
  MapText out;
  out.text("name", m.name);
  out.count("layers", m.layers), out.count("hidden", m.hidden);
  put_groups(out, folded(m.layer_groups()));
  out.count("norms", m.norms, 2);
  if (m.norm == NormKind::layer) out.text("norm", "layer");
  out.flag("parallel", m.parallel);
  out.count("vocabulary", m.vocabulary), out.count("positions", m.positions);
  out.flag("tied_embeddings", m.tied_embeddings), out.flag("head_bias", m.head_bias);
  out.number("weight_bytes", m.weight_bytes, 2), out.number("expert_weight_bytes", m.expert_weight_bytes, 0);
  out.number("activation_bytes", m.activation_bytes, 2), out.number("kv_bytes", m.kv_bytes, 2);
  out.tokens("max_context", m.max_context);
  return out.take();
}

}  // namespace tiersim::models
