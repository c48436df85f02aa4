// What each architecture's keys mean, with the defaults of its configuration class in the transformers library for keys
// that published files leave out.
#include <algorithm>
#include <map>

#include "tools/tiersim/hf_config.hpp"
#include "tools/tiersim/hf_layers.hpp"

namespace tiersim::cli {
namespace {

using namespace hf;
using models::AttentionKind;
using models::QkNorm;

ModelSpec llama(const HfConfig& c) {
  LayerGroup g = plain_layer(c);
  g.attention.qkv_bias = g.attention.output_bias = c.flag("attention_bias", false);
  g.feed_forward = dense(c.count("intermediate_size"));
  g.feed_forward.bias = c.flag("mlp_bias", false);
  return frame(c, false, g);
}

/// Llama's shapes with a window in every layer (Mistral, Phi-3).
ModelSpec windowed(const HfConfig& c) {
  ModelSpec m = llama(c);
  each_layer(m, [&](std::int64_t, LayerGroup& g) { g.attention.window = window_of(c); });
  return m;
}

ModelSpec mixtral(const HfConfig& c) {
  ModelSpec m = windowed(c);
  const auto f = mixture(c.count("num_local_experts"), c.count("num_experts_per_tok"), c.count("intermediate_size"));
  each_layer(m, [&](std::int64_t, LayerGroup& g) { g.feed_forward = f; });
  return m;
}

ModelSpec qwen2(const HfConfig& c) {
  ModelSpec m = llama(c);
  const std::int64_t whole = c.flag("use_sliding_window", false) ? c.count("max_window_layers", 0) : m.layers;
  each_layer(m, [&](std::int64_t i, LayerGroup& g) {
    g.attention.qkv_bias = true, g.attention.output_bias = false;
    if (i >= whole) g.attention.window = window_of(c);
  });
  return m;
}

ModelSpec qwen3(const HfConfig& c) {
  ModelSpec m = llama(c);
  const std::int64_t head = c.count("head_dim", 128);
  each_layer(m, [&](std::int64_t, LayerGroup& g) { g.attention.qk_norm = QkNorm::head, g.attention.head_dim = head; });
  return m;
}

ModelSpec qwen2_moe(const HfConfig& c) {
  FeedForward f = mixture(c.count("num_experts"), c.count("num_experts_per_tok"), c.count("moe_intermediate_size"));
  f.shared_intermediate = c.count("shared_expert_intermediate_size");
  f.shared_gate = true;
  return sparse(c, qwen2(c), f);
}

ModelSpec qwen3_moe(const HfConfig& c) {
  return sparse(c, qwen3(c),
                mixture(c.count("num_experts"), c.count("num_experts_per_tok"), c.count("moe_intermediate_size")));
}

ModelSpec deepseek(const HfConfig& c, bool chooses_by_bias) {
  LayerGroup g;
  g.layers = 1;
  Attention& a = g.attention;
  a.kind = AttentionKind::latent;
  a.query_heads = c.count("num_attention_heads");
  a.q_rank = c.count("q_lora_rank", 0), a.kv_rank = c.count("kv_lora_rank");
  a.rope_dim = c.count("qk_rope_head_dim"), a.nope_dim = c.count("qk_nope_head_dim");
  a.value_dim = c.count("v_head_dim");
  g.feed_forward = dense(c.count("intermediate_size"));
  const std::int64_t width = c.count("moe_intermediate_size");
  FeedForward f = mixture(c.count("n_routed_experts"), c.count("num_experts_per_tok"), width);
  f.shared_intermediate = c.count("n_shared_experts", 0) * width;
  f.router_bias = chooses_by_bias;
  const std::int64_t first = c.count("first_k_dense_replace"), every = at_least_one(c.count("moe_layer_freq", 1));
  ModelSpec m = frame(c, false, g);
  each_layer(m, [&](std::int64_t i, LayerGroup& layer) {
    if (i >= first && i % every == 0) layer.feed_forward = f;
  });
  return m;
}

ModelSpec deepseek_v2(const HfConfig& c) { return deepseek(c, false); }
ModelSpec deepseek_v3(const HfConfig& c) { return deepseek(c, true); }

ModelSpec gemma2(const HfConfig& c) {
  ModelSpec m = alternating(c, llama(c), Tokens(c.count("sliding_window", 4096)), 2);
  m.norms = 4;
  m.tied_embeddings = c.flag("tie_word_embeddings", true);
  return m;
}

/// The published text parts leave out what Gemma3TextConfig has by default: those of the 4B model.
ModelSpec gemma3(const HfConfig& given) {
  nlohmann::json filled = {{"num_attention_heads", 8}, {"num_key_value_heads", 4},          {"head_dim", 256},
                           {"vocab_size", 262208},     {"max_position_embeddings", 131072}, {"sliding_window", 4096}};
  filled.merge_patch(given.object());
  const HfConfig c = given.with(filled);
  const std::int64_t period = at_least_one(c.count("sliding_window_pattern", 6));
  ModelSpec m = alternating(c, llama(c), Tokens(c.count("sliding_window")), period);
  m.norms = 4;
  m.tied_embeddings = c.flag("tie_word_embeddings", true);
  each_layer(m, [](std::int64_t, LayerGroup& g) { g.attention.qk_norm = QkNorm::head; });
  return m;
}

ModelSpec phimoe(const HfConfig& c) {
  ModelSpec m = mixtral(c);
  m.norm = models::NormKind::layer;
  m.head_bias = c.flag("lm_head_bias", false);
  return m;
}

ModelSpec gpt_oss(const HfConfig& c) {
  ModelSpec m = llama(c);
  FeedForward f = mixture(c.count("num_local_experts"), c.count("num_experts_per_tok"), c.count("intermediate_size"));
  f.bias = f.router_bias = true;
  const bool bias = c.flag("attention_bias", true);
  each_layer(m, [&](std::int64_t, LayerGroup& g) {
    g.attention.qkv_bias = g.attention.output_bias = bias;
    g.attention.sinks = true;
    g.feed_forward = f;
  });
  return alternating(c, m, Tokens(c.count("sliding_window", 128)), 2);
}

ModelSpec opt(const HfConfig& c) {
  constexpr std::int64_t kOffset = 2;  // rows before the first position
  LayerGroup g = plain_layer(c);
  g.attention.rotary = false;
  g.feed_forward = dense(c.count("ffn_dim"));
  g.feed_forward.gated = false;
  g.attention.qkv_bias = g.attention.output_bias = g.feed_forward.bias = c.flag("enable_bias", true);
  ModelSpec m = frame(c, true, g);
  m.norm = models::NormKind::layer;
  m.positions = m.max_context.value() + kOffset;
  if (c.count("word_embed_proj_dim", m.hidden) != m.hidden)
    c.error("'word_embed_proj_dim' differs from 'hidden_size' (OPT 350M), which cannot be described");
  return m;
}

ModelSpec falcon(const HfConfig& given) {
  nlohmann::json filled = {{"max_position_embeddings", 2048}};
  filled.merge_patch(given.object());
  const HfConfig c = given.with(filled);
  const bool newer = c.flag("new_decoder_architecture", false);
  LayerGroup g = plain_layer(c);
  if (newer) {
    g.attention.kv_heads = c.count("num_kv_heads", g.attention.query_heads);
  } else {
    g.attention.kv_heads = c.flag("multi_query", true) ? 1 : g.attention.query_heads;
  }
  g.attention.rotary = !c.flag("alibi", false);
  g.feed_forward = dense(c.count("ffn_hidden_size", 4 * c.count("hidden_size")));
  g.feed_forward.gated = false;
  g.attention.qkv_bias = g.attention.output_bias = g.feed_forward.bias = c.flag("bias", false);
  ModelSpec m = frame(c, true, g);
  m.norm = models::NormKind::layer;
  m.parallel = newer || c.flag("parallel_attn", true);
  m.norms = m.parallel ? c.count("num_ln_in_parallel_attn", newer ? 2 : 1) : 2;
  return m;
}

ModelSpec olmoe(const HfConfig& c) {
  ModelSpec m = llama(c);
  const auto f = mixture(c.count("num_experts"), c.count("num_experts_per_tok"), c.count("intermediate_size"));
  each_layer(m, [&](std::int64_t, LayerGroup& g) { g.attention.qk_norm = QkNorm::whole, g.feed_forward = f; });
  return m;
}

ModelSpec jamba(const HfConfig& c) {
  ModelSpec m = llama(c);
  const auto f = mixture(c.count("num_experts", 16), c.count("num_experts_per_tok", 2), c.count("intermediate_size"));
  const std::int64_t attentions = at_least_one(c.count("attn_layer_period", 8)),
                     first = c.count("attn_layer_offset", 4);
  const std::int64_t mixtures = at_least_one(c.count("expert_layer_period", 2));
  const std::int64_t first_mixture = c.count("expert_layer_offset", 1);
  const Attention state = mamba(c);
  each_layer(m, [&](std::int64_t i, LayerGroup& g) {
    g.attention.rotary = false;
    if (i % attentions != first) g.attention = state;
    if (i % mixtures == first_mixture) g.feed_forward = f;
  });
  return m;
}

ModelSpec llama4(const HfConfig& c) {
  ModelSpec m = llama(c);
  const std::int64_t width = c.count("intermediate_size"), step = at_least_one(c.count("interleave_moe_layer_step", 1));
  FeedForward f = mixture(c.count("num_local_experts"), c.count("num_experts_per_tok"), width);
  f.shared_intermediate = width;
  const FeedForward plain = dense(c.count("intermediate_size_mlp"));
  const Tokens chunk(c.count("attention_chunk_size", 8192));
  each_layer(m, [&](std::int64_t i, LayerGroup& g) {
    const std::string listed = c.item("no_rope_layers", i);  // "0": the layer has no positions
    const bool all = listed.empty() ? (i + 1) % 4 == 0 : listed == "0";
    all ? void(g.attention.rotary = false) : void(g.attention.window = chunk);
    g.feed_forward = (i + 1) % step == 0 ? f : plain;
  });
  return m;
}

using Reader = ModelSpec (*)(const HfConfig&);
const std::map<std::string_view, Reader> kReaders{{"DeepseekV2ForCausalLM", deepseek_v2},
                                                  {"DeepseekV3ForCausalLM", deepseek_v3},
                                                  {"FalconForCausalLM", falcon},
                                                  {"Gemma2ForCausalLM", gemma2},
                                                  {"Gemma3ForCausalLM", gemma3},
                                                  {"Gemma3ForConditionalGeneration", gemma3},
                                                  {"GptOssForCausalLM", gpt_oss},
                                                  {"JambaForCausalLM", jamba},
                                                  {"Llama4ForCausalLM", llama4},
                                                  {"Llama4ForConditionalGeneration", llama4},
                                                  {"LlamaForCausalLM", llama},
                                                  {"MistralForCausalLM", windowed},
                                                  {"MixtralForCausalLM", mixtral},
                                                  {"OPTForCausalLM", opt},
                                                  {"OlmoeForCausalLM", olmoe},
                                                  {"Phi3ForCausalLM", windowed},
                                                  {"PhiMoEForCausalLM", phimoe},
                                                  {"Qwen2ForCausalLM", qwen2},
                                                  {"Qwen2MoeForCausalLM", qwen2_moe},
                                                  {"Qwen3ForCausalLM", qwen3},
                                                  {"Qwen3MoeForCausalLM", qwen3_moe}};

}  // namespace

std::vector<std::string_view> hf_architectures() {
  std::vector<std::string_view> names;
  for (const auto& [name, reader] : kReaders) names.push_back(name);
  return names;
}

ModelSpec model_of(const std::string& architecture, const HfConfig& config) {
  return kReaders.at(architecture)(config);
}

}  // namespace tiersim::cli
