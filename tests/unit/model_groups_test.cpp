// Models in layer groups, on small ones counted by hand: what falls back on what, parameters, ranks, KV and state.
#include <doctest/doctest.h>

#include "models/element_type.hpp"
#include "models/model_spec.hpp"
#include "sim/config/yaml.hpp"

using namespace tiersim;

namespace {

struct Read {
  models::ModelSpec model;
  std::string problems;
};

Read read(const std::string& yaml) {
  Diagnostics diagnostics;
  const config::Value value = config::parse_yaml(yaml, "test", diagnostics);
  config::Fields fields(value, "model 'm'", diagnostics);
  Read out{models::read_model(fields), {}};
  out.problems = diagnostics.render();
  return out;
}

models::ModelSpec sound(const std::string& yaml) {
  const Read r = read(yaml);
  CHECK(r.problems == "");
  return r.model;
}

bool says(const std::string& yaml, const std::string& words) {
  const std::string problems = read(yaml).problems;
  INFO(problems);
  return problems.find(words) != std::string::npos;
}

/// Four layers of width 8, a vocabulary of 10 without tying: 160 parameters of embedding and head, 8 of the last norm.
const std::string kHead = "name: m\nlayers: 4\nhidden: 8\nvocabulary: 10\nmax_context: 100 tokens\n";
const std::string kHeads = "query_heads: 4\nkv_heads: 2\nhead_dim: 4\n";
constexpr std::int64_t kEnds = 160 + 8;
constexpr std::int64_t kAttention = (16 + 8 + 8) * 8 + 16 * 8;  // of kHeads: 384

}  // namespace

TEST_CASE("do groups fall back on the model's own keys, key by key?") {
  const models::ModelSpec m = sound(kHead + kHeads +
                                    "intermediate: 12\nattention: {qkv_bias: true}\n"
                                    "groups:\n  - {layers: 1}\n"
                                    "  - {layers: 3, attention: {window: 6 tokens, kv_heads: 1, output_bias: true}, "
                                    "feed_forward: {gated: false, intermediate: 20}}\n");
  REQUIRE(m.groups.size() == 2);
  CHECK(m.groups[0].attention.kv_heads == 2);
  CHECK(m.groups[1].attention.kv_heads == 1);
  CHECK(m.groups[1].attention.query_heads == 4);
  CHECK(m.window() == Tokens(6));
  const std::int64_t first = kAttention + 32 + 3 * 8 * 12 + 2 * 8;
  const std::int64_t others = (16 + 4 + 4) * 8 + 16 * 8 + 24 + 8 + 2 * 8 * 20 + 2 * 8;
  CHECK(m.parameters() == kEnds + first + 3 * others);
}

TEST_CASE("are keys and values of a window kept up to its length, of shared layers never?") {
  const models::ModelSpec m = sound(kHead + kHeads +
                                    "intermediate: 12\ngroups:\n  - {layers: 1}\n"
                                    "  - {layers: 2, attention: {window: 6 tokens}}\n"
                                    "  - {layers: 1, attention: {shares_kv: true}}\n");
  CHECK(m.kv_per_token() == Bytes(3 * 16 * 2));  // 2 heads x 4 elements x keys and values, in three layers
  CHECK(m.kv_of_sequence(Tokens(4)) == Bytes(4 * 3 * 32));
  CHECK(m.kv_of_sequence(Tokens(50)) == Bytes((50 + 2 * 6) * 32));
  CHECK(m.kv_per_token_per_rank(2) == Bytes(3 * 8 * 2));
  CHECK(m.parameters() == kEnds + 4 * (kAttention + 288 + 16) - 2 * 8 * 8);  // no projections of shared keys and values
}

TEST_CASE("are values as wide as they say?") {
  const models::ModelSpec m = sound(kHead + kHeads + "intermediate: 12\nattention: {value_dim: 6}\n");
  CHECK(m.kv_per_token() == Bytes(4 * 2 * (4 + 6) * 2));
  CHECK(m.parameters() == kEnds + 4 * ((16 + 8 + 12) * 8 + 24 * 8 + 288 + 16));
}

TEST_CASE("do latents hold one vector a token, whole on every rank?") {
  const std::string latent =
      "query_heads: 4\nintermediate: 12\n"
      "attention: {kind: latent, kv_rank: 6, rope_dim: 2, nope_dim: 4, value_dim: 4}\n";
  const models::ModelSpec m = sound(kHead + latent);
  // Queries 8 x 4 x 6, down 8 x (6 + 2) with a norm of 6, up 6 x 4 x (4 + 4), output 16 x 8.
  CHECK(m.parameters() == kEnds + 4 * (192 + 64 + 6 + 192 + 128 + 288 + 16));
  CHECK(m.kv_per_token() == Bytes(4 * 8 * 2));
  CHECK(m.kv_per_token_per_rank(4) == Bytes(4 * 8 * 2));
  // Two ranks: half of the queries, of the way up, of the output, of the MLP; ends but the norm by rows of the
  // vocabulary.
  CHECK(m.weights_per_rank(2) == Bytes(2 * (80 + 8 + 4 * (96 + 64 + 6 + 96 + 64 + 144 + 16))));
  CHECK(models::can_split(m, {.tensor = 4}));
  CHECK_FALSE(models::can_split(m, {.tensor = 3}));
  const models::ModelSpec low = sound(kHead + latent + "groups: [{layers: 4, attention: {q_rank: 3}}]\n");
  CHECK(low.parameters() == m.parameters() + 4 * (8 * 3 + 3 + 3 * 24 - 192));
}

TEST_CASE("do experts divide among ranks and leave a token those that it passes?") {
  const models::ModelSpec m = sound(
      kHead + kHeads +
      "feed_forward: {experts: 5, active: 2, expert_intermediate: 12, shared_intermediate: 6, shared_gate: true}\n"
      "expert_weights: mxfp4\n");
  const std::int64_t expert = 3 * 8 * 12, rest = kAttention + 16 + 8 * 5 + 8 + 3 * 8 * 6;
  CHECK(m.parameters() == kEnds + 4 * (rest + 5 * expert));
  CHECK(m.active_parameters() == kEnds + 4 * (rest + 2 * expert));
  CHECK(m.widest_intermediate() == 2 * 12 + 6);
  CHECK(m.weights_per_rank(1) == Bytes(2 * (kEnds + 4 * rest) + 4 * 5 * expert * 17 / 32));
  // Two ranks: router, gate and norms whole.
  CHECK(m.weights_per_rank(2) == Bytes(2 * (88 + 4 * (192 + 16 + 40 + 8 + 72)) + 4 * 5 * expert * 17 / 64));
}

TEST_CASE("does recurrent state take its bytes a sequence and none a token?") {
  const models::ModelSpec m =
      sound(kHead + kHeads +
            "intermediate: 12\ngroups:\n  - {layers: 1}\n  - {layers: 3, attention: {kind: recurrent, state_dim: 4, "
            "conv_width: 3, expand: 2, step_rank: 1, inner_norms: true}}\n");
  CHECK(m.kv_per_token() == Bytes(32));
  CHECK(m.state_of_sequence() == Bytes(3 * 16 * (4 + 2) * 2));
  CHECK(m.kv_of_sequence(Tokens(10)) == Bytes(320 + 576));
  // In 8 x 32, convolution 16 x 3 + 16, to step, B and C 16 x 9, step 16 + 16, A 64, D 16, norms 9, out 128.
  const std::int64_t recurrent = 256 + 64 + 144 + 32 + 64 + 16 + 9 + 128;
  CHECK(m.parameters() == kEnds + kAttention + 3 * recurrent + 4 * (288 + 16));
}

TEST_CASE("do norms, biases, positions, sinks and tying count?") {
  const auto parameters = [&](const std::string& extra) {
    return sound(kHead + kHeads + "intermediate: 12\n" + extra).parameters();
  };
  const std::int64_t plain = parameters("");
  CHECK(parameters("norms: 4\n") == plain + 4 * 2 * 8);
  CHECK(parameters("norms: 1\n") == plain - 4 * 8);
  CHECK(parameters("norm: layer\n") == plain + 4 * 2 * 8 + 8);
  CHECK(parameters("positions: 102\n") == plain + 102 * 8);
  CHECK(parameters("head_bias: true\n") == plain + 10);
  CHECK(parameters("tied_embeddings: true\n") == plain - 80);
  CHECK(parameters("attention: {sinks: true}\n") == plain + 4 * 4);
  CHECK(parameters("attention: {qk_norm: head}\n") == plain + 4 * 2 * 4);
  CHECK(parameters("attention: {qk_norm: whole}\n") == plain + 4 * (16 + 8));
  CHECK(parameters("attention: {kind: none}\n") == plain - 4 * kAttention);
  CHECK(parameters("feed_forward: {bias: true}\n") == plain + 4 * (24 + 8));
}

TEST_CASE("do words for types give their bytes, scales included?") {
  const auto bytes = [](const char* name) { return models::find_element_type(name)->bytes(); };
  CHECK(bytes("bf16") == 2);
  CHECK(bytes("fp8") == 1);
  CHECK(bytes("int4") == 0.5 + 2.0 / 128);
  CHECK(bytes("mxfp4") == 4.25 / 8);
  CHECK(models::find_element_type("fp6") == nullptr);
  const std::string shape = kHead + kHeads + "intermediate: 12\n";
  CHECK(sound(shape + "weights: int4\n").weight_bytes == 0.515625);
  CHECK(sound(shape + "weights: {type: int4, group: 32}\n").weight_bytes == 0.5625);
  CHECK(sound(shape + "kv: fp8\n").kv_per_token() == Bytes(4 * 16));
  CHECK(sound(shape + "kv: {type: int8, group: 64, scale_bytes: 4}\n").kv_bytes == 1.0625);
  CHECK(sound(shape + "kv_bytes: 1\n").kv_bytes == 1);
  CHECK(says(shape + "weights: int3\n", "there is no 'int3'"));
  CHECK(
      says(shape + "weights: fp8\nweight_bytes: 1\n", "'weights' and 'weight_bytes' in model 'm' exclude each other"));
  CHECK(says(shape + "kv: {type: fp8, scale_bytes: 4}\n", "a scale needs a group that shares it"));
}

TEST_CASE("does a group with a mistake say which, and what?") {
  const std::string shape = kHead + kHeads;
  CHECK(says(shape + "groups: [{layers: 4}]\n", "missing key 'intermediate' in feed_forward of group 1 of model 'm'"));
  CHECK(says(shape + "intermediate: 12\ngroups: [{layers: 3}]\n",
             "the groups of model 'm' have 3 layers together, not 4"));
  CHECK(says(shape + "intermediate: 12\ngroups: {layers: 3}\n", "found a map, expected a list of maps"));
  CHECK(says(shape + "intermediate: 12\ngroups: [{layers: 4, attention: {widnow: 3}}]\n", "did you mean 'window'?"));
  CHECK(says(shape + "intermediate: 12\ngroups: [{layers: 4, attention: {kv_heads: 3}}]\n",
             "4 query heads in attention of group 1 of model 'm' cannot be shared by 3"));
  CHECK(says(shape + "intermediate: 12\ngroups: [{layers: 2, attention: {window: 3}}, "
                     "{layers: 2, attention: {window: 5}}]\n",
             "windows of two lengths in model 'm', 3 and 5 tokens"));
  CHECK(says(shape + "feed_forward: {experts: 4, active: 5, expert_intermediate: 3}\n",
             "a token in feed_forward of model 'm' cannot pass 5 of 4 experts"));
  CHECK(says(kHead + "intermediate: 12\nattention: {kind: latent, kv_rank: 3}\n",
             "missing key 'query_heads' in attention of model 'm'"));
  CHECK(says(kHead + "intermediate: 12\nattention: {kind: linear}\n", "there is no 'linear'"));
  CHECK(says(kHead + "feed_forward: {intermediate: 12}\n", "missing key 'kv_heads' in attention of model 'm'"));
}
