// The YAML of a model: keys given further in count before keys given further out; only what was given is recorded, so
// that the short form stays short.
#include <fmt/format.h>

#include "models/element_type.hpp"
#include "models/model_spec.hpp"

namespace tiersim::models {
namespace {

using config::Fields;
using config::Range;

// The upper ends keep every product of shapes within 64 bits.
constexpr Range kWidth{1, 1e6}, kHeads{1, 1024}, kHead{1, 4096}, kLayers{1, 1000}, kExperts{1, 16384};
constexpr Range kExpertWidth{1, 1e5}, kRank{1, 1e5}, kWindow{1, 1 << 22};

/// Reads a key that is given, or that is needed and was not given further out.
void read(Fields& fields, std::string_view key, std::int64_t& to, Range range, bool needed = true) {
  if (fields.has(key) || (needed && to == 0)) to = fields.count(key, {}, range);
}

void read(Fields& fields, std::string_view key, bool& to) {
  if (fields.has(key)) to = fields.flag(key);
}

AttentionKind read_kind(Fields& fields, AttentionKind otherwise) {
  if (!fields.has("kind")) return otherwise;
  const std::string kind = fields.choice("kind", {"softmax", "latent", "recurrent", "none"});
  if (kind == "latent") return AttentionKind::latent;
  if (kind == "recurrent") return AttentionKind::recurrent;
  return kind == "none" ? AttentionKind::none : AttentionKind::softmax;
}

QkNorm read_qk_norm(Fields& fields, QkNorm otherwise) {
  if (!fields.has("qk_norm")) return otherwise;
  const std::string word = fields.choice("qk_norm", {"none", "head", "whole"});
  if (word == "head") return QkNorm::head;
  return word == "whole" ? QkNorm::whole : QkNorm::none;
}

void check_heads(Fields& fields, std::int64_t query_heads, std::int64_t kv_heads) {
  if (kv_heads <= 0 || query_heads % kv_heads == 0) return;
  fields.error("kv_heads", fmt::format("{} query heads in {} cannot be shared by {} key and value heads", query_heads,
                                       fields.what(), kv_heads));
}

/// Which keys are needed: in the last map on the way in, those of its kind; before it, none.
void read_softmax(Fields& fields, Attention& a, bool needed) {
  read(fields, "query_heads", a.query_heads, kHeads, needed);
  read(fields, "kv_heads", a.kv_heads, kHeads, needed);
  read(fields, "head_dim", a.head_dim, kHead, needed);
  read(fields, "value_dim", a.value_dim, kHead, false);
  if (fields.has("window")) a.window = fields.tokens("window", {}, kWindow);
  read(fields, "shares_kv", a.shares_kv);
  read(fields, "rotary", a.rotary);
  read(fields, "qkv_bias", a.qkv_bias);
  read(fields, "output_bias", a.output_bias);
  read(fields, "sinks", a.sinks);
  a.qk_norm = read_qk_norm(fields, a.qk_norm);
  if (needed) check_heads(fields, a.query_heads, a.kv_heads);
}

void read_latent(Fields& fields, Attention& a, bool needed) {
  read(fields, "query_heads", a.query_heads, kHeads, needed);
  read(fields, "q_rank", a.q_rank, Range{0, kRank.high}, false);
  read(fields, "kv_rank", a.kv_rank, kRank, needed);
  read(fields, "rope_dim", a.rope_dim, kHead, needed);
  read(fields, "nope_dim", a.nope_dim, kHead, needed);
  read(fields, "value_dim", a.value_dim, kHead, needed);
}

void read_recurrent(Fields& fields, Attention& a, bool needed) {
  read(fields, "state_dim", a.state_dim, kHead, needed);
  read(fields, "conv_width", a.conv_width, kHead, needed);
  read(fields, "expand", a.expand, Range{1, 16}, needed);
  read(fields, "step_rank", a.step_rank, kRank, needed);
  read(fields, "inner_norms", a.inner_norms);
}

/// Stands for a map that is not there: what is missing in it is missing in the owner.
config::Value nothing_at(const Fields& owner) {
  config::Value nothing;
  nothing.mark = owner.mark();
  return nothing;
}

/// What `attention:` of `owner` says, over what was said further out.
Attention read_attention(Fields& owner, Attention a, bool needed) {
  const config::Value absent = nothing_at(owner);
  const config::Value* value = owner.child("attention");
  Fields fields(value == nullptr ? absent : *value, "attention of " + owner.what(), owner.diagnostics());
  const AttentionKind outer = a.kind;
  a.kind = read_kind(fields, a.kind);
  if (a.kind != outer) a.window = Tokens(0), a.shares_kv = false;
  if (a.kind == AttentionKind::softmax) read_softmax(fields, a, needed);
  if (a.kind == AttentionKind::latent) read_latent(fields, a, needed);
  if (a.kind == AttentionKind::recurrent) read_recurrent(fields, a, needed);
  fields.finish();
  if (value != nullptr) owner.record("attention", fields.resolved());
  return a;
}

void read_experts(Fields& fields, FeedForward& f, bool needed) {
  read(fields, "active", f.active, kExperts, needed);
  read(fields, "expert_intermediate", f.expert_intermediate, kExpertWidth, needed);
  read(fields, "shared_intermediate", f.shared_intermediate, Range{0, kWidth.high}, false);
  read(fields, "shared_gate", f.shared_gate);
  read(fields, "router_bias", f.router_bias);
  if (needed && f.active > f.experts)
    fields.error("active",
                 fmt::format("a token in {} cannot pass {} of {} experts", fields.what(), f.active, f.experts));
}

/// What `feed_forward:` of `owner` says; `experts: 0` makes a group of a mixture dense.
FeedForward read_feed_forward(Fields& owner, FeedForward f, bool needed) {
  const config::Value absent = nothing_at(owner);
  const config::Value* value = owner.child("feed_forward");
  Fields fields(value == nullptr ? absent : *value, "feed_forward of " + owner.what(), owner.diagnostics());
  read(fields, "gated", f.gated);
  read(fields, "bias", f.bias);
  read(fields, "experts", f.experts, Range{0, kExperts.high}, false);
  if (f.experts > 0) {
    read_experts(fields, f, needed);
  } else {
    read(fields, "intermediate", f.intermediate, kWidth, needed);
    f = {.intermediate = f.intermediate, .gated = f.gated, .bias = f.bias};
  }
  fields.finish();
  if (value != nullptr) owner.record("feed_forward", fields.resolved());
  return f;
}

/// The group that every group starts from: the keys of the short form, then the model's own maps.
LayerGroup read_base(Fields& fields, const ModelSpec& m, bool complete) {
  ModelSpec without_groups = m;
  without_groups.groups.clear();
  LayerGroup base = without_groups.layer_groups().front();
  base.attention = read_attention(fields, base.attention, complete);
  base.feed_forward = read_feed_forward(fields, base.feed_forward, complete);
  return base;
}

void read_groups(Fields& fields, const config::Value& list, ModelSpec& m) {
  const LayerGroup base = read_base(fields, m, false);
  config::Value resolved;
  resolved.kind = config::Kind::list;
  std::int64_t layers = 0;
  for (const config::Value& item : list.items) {
    Fields group(item, fmt::format("group {} of {}", m.groups.size() + 1, fields.what()), fields.diagnostics());
    LayerGroup& g = m.groups.emplace_back(base);
    g.layers = group.count("layers", {}, kLayers);
    g.attention = read_attention(group, base.attention, true);
    g.feed_forward = read_feed_forward(group, base.feed_forward, true);
    group.finish();
    resolved.items.push_back(group.resolved());
    layers += g.layers;
  }
  fields.record("groups", std::move(resolved));
  if (layers > 0 && layers != m.layers)
    fields.error("layers",
                 fmt::format("the groups of {} have {} layers together, not {}", fields.what(), layers, m.layers));
}

void check_windows(Fields& fields, const ModelSpec& m) {
  for (const LayerGroup& g : m.groups) {
    const Tokens window = g.attention.window;
    if (window == Tokens(0) || window == m.window()) continue;
    fields.error("groups", fmt::format("windows of two lengths in {}, {} and {} tokens: one length is supported",
                                       fields.what(), window.value(), m.window().value()));
    return;
  }
}

/// The short form's keys; needed where nothing else can give them.
void read_short_form(Fields& fields, ModelSpec& m, bool needed) {
  read(fields, "query_heads", m.query_heads, kHeads, needed);
  read(fields, "kv_heads", m.kv_heads, kHeads, needed);
  read(fields, "head_dim", m.head_dim, kHead, needed);
  read(fields, "intermediate", m.intermediate, kWidth, needed);
}

void read_extras(Fields& fields, ModelSpec& m) {
  read(fields, "norms", m.norms, Range{0, 8}, false);
  if (fields.has("norm")) m.norm = fields.choice("norm", {"rms", "layer"}) == "layer" ? NormKind::layer : NormKind::rms;
  read(fields, "parallel", m.parallel);
  read(fields, "positions", m.positions, Range{0, 1e7}, false);
  read(fields, "head_bias", m.head_bias);
}

void read_types(Fields& fields, ModelSpec& m) {
  const auto read_type = [&](std::string_view key, std::string_view bytes_key, double& bytes, std::string& type) {
    const StoredAs stored = read_stored_as(fields, key, bytes_key, 2);
    bytes = stored.bytes, type = stored.type;
  };
  read_type("weights", "weight_bytes", m.weight_bytes, m.weight_type);
  if (fields.has("expert_weights") || fields.has("expert_weight_bytes"))
    read_type("expert_weights", "expert_weight_bytes", m.expert_weight_bytes, m.expert_weight_type);
  m.activation_bytes = fields.number("activation_bytes", 2, Range{0.01, 64});
  read_type("kv", "kv_bytes", m.kv_bytes, m.kv_type);
}

/// Groups as a list, or one of all layers where a map says more than the short form can.
void read_layers(Fields& fields, ModelSpec& m) {
  const config::Value* list = fields.child("groups");
  if (list != nullptr && list->kind != config::Kind::list) {
    fields.error("groups", fmt::format("'groups' in {}: found {}, expected a list of maps", fields.what(),
                                       config::kind_name(list->kind)));
  } else if (list != nullptr) {
    read_groups(fields, *list, m);
  } else if (fields.has("attention") || fields.has("feed_forward")) {
    LayerGroup all = read_base(fields, m, true);
    all.layers = m.layers;
    m.groups = {all};
  } else {
    check_heads(fields, m.query_heads, m.kv_heads);
  }
  check_windows(fields, m);
}

}  // namespace

ModelSpec read_model(Fields& fields) {
  ModelSpec m;
  m.name = fields.text("name");
  m.layers = fields.count("layers", {}, kLayers);
  m.hidden = fields.count("hidden", {}, kWidth);
  const bool short_form = !fields.has("groups") && !fields.has("attention") && !fields.has("feed_forward");
  read_short_form(fields, m, short_form);
  m.vocabulary = fields.count("vocabulary", {}, Range{1, 1e7});
  m.tied_embeddings = fields.flag("tied_embeddings", false);
  m.qkv_bias = fields.flag("qkv_bias", false);
  m.max_context = fields.tokens("max_context", {}, Range{1, 1e9});
  read_types(fields, m);
  read_extras(fields, m);
  read_layers(fields, m);
  fields.finish();
  return m;
}

}  // namespace tiersim::models
