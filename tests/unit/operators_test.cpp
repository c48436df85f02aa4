// Operators of models that are no uniform dense decoder, counted by hand: experts, latents, windows, recurrent state.
// (The uniform one: cost_model_test.cpp.)
#include "sim/cost/operators.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"
#include "sim/cost/cost_model.hpp"
#include "sim/cost/expert_load.hpp"

using namespace tiersim;
using namespace tiersim::literals;

namespace {

models::ModelSpec model_of(const config::Value& value) {
  Diagnostics diagnostics;
  config::Fields fields(value, "the model", diagnostics);
  const models::ModelSpec m = models::read_model(fields);
  REQUIRE(diagnostics.render() == "");
  return m;
}

models::ModelSpec written(const std::string& yaml) {
  Diagnostics diagnostics;
  return model_of(config::parse_yaml(yaml, "test", diagnostics));
}

models::ModelSpec shipped(const std::string& name) {
  Diagnostics diagnostics;
  return model_of(config::load_yaml(config::path_in(TIERSIM_SOURCE_DIR "/models", name), diagnostics));
}

/// By name; two of one name would be a mistake of the test.
using Named = std::map<std::string, Operator>;

Named named(const Operators& operators) {
  Named out;
  for (const Operator& op : operators) CHECK(out.emplace(op.name, op).second);
  return out;
}

Named of_batch(const models::ModelSpec& model, const Batch& batch, Ranks ranks = {}) {
  Operators out;
  StepOperators(model, ranks).attention(batch, out);
  return named(out);
}

void check(const Named& found, const std::string& name, double flops, double bytes, std::int64_t repeats) {
  CAPTURE(name);
  REQUIRE(found.count(name) == 1);
  CHECK(found.at(name).flops.value() == doctest::Approx(flops).epsilon(1e-12));
  CHECK(found.at(name).bytes == doctest::Approx(bytes).epsilon(1e-12));
  CHECK(found.at(name).repeats == repeats);
}

/// Width 8, two layers, 2 of 4 experts of 16 beside shared ones of 8.
models::ModelSpec mixture() {
  return written(
      "{name: m, layers: 2, hidden: 8, query_heads: 4, kv_heads: 2, head_dim: 4, vocabulary: 10, max_context: 99, "
      "feed_forward: {experts: 4, active: 2, expert_intermediate: 16, shared_intermediate: 8}}");
}

Batch with_window(std::int64_t window) {
  Batch b;
  b.window = Tokens(window);
  return b;
}

}  // namespace

TEST_CASE("are the operators of experts those counted by hand?") {
  const Named found = named(StepOperators(mixture(), {}).linear(3_tok));
  // 3 tokens with 2 of 4 experts touch 4 (1 - (1/2)^3) = 3.5 of them, in 6 rows.
  check(found, "router", 2 * 3 * 4 * 8, 2 * 32 + 2 * 3 * 12, 2);
  check(found, "routing", 12, 48, 2);
  check(found, "experts' gate and up", 2 * 6 * 32 * 8, 3.5 * 256 * 2 + 2 * 6 * 40, 2);
  check(found, "experts' activation", 2 * 96, 3 * 96 * 2, 2);
  check(found, "experts' down", 2 * 6 * 8 * 16, 3.5 * 128 * 2 + 2 * 6 * 24, 2);
  check(found, "experts' sum", 2 * 48, (48 + 24) * 2, 2);
  check(found, "shared gate and up", 2 * 3 * 16 * 8, 2 * 128 + 2 * 3 * 24, 2);
  check(found, "shared down", 2 * 3 * 8 * 8, 2 * 64 + 2 * 3 * 16, 2);
  CHECK(found.count("gate and up") == 0);
  CHECK(found.at("experts' down").kernel == kernel::kExperts);
  CHECK(found.at("qkv").n == 16 + 8 + 8);
}

TEST_CASE("is what experts compute as one kernel counted by hand?") {
  const Named found = named(StepOperators(mixture(), {}).linear(3_tok, true));
  // 3.5 experts of three matrices of 8 x 16; 6 rows of three hidden states and 6 x 16 between the products, 3 sums.
  const double weights = 3.5 * 384 * 2;
  check(found, "experts", 2 * 6 * 384, weights + 2 * (6 * (24 + 96) + 24), 2);
  const Operator& op = found.at("experts");
  CHECK(op.kernel == kernel::kFusedExperts);
  CHECK(op.weight_bytes == doctest::Approx(weights));
  CHECK(op.experts == doctest::Approx(3.5));
  CHECK(op.rows_per_expert == doctest::Approx(6 / 3.5));
  CHECK(op.tiles_per_expert == doctest::Approx(1));
  CHECK(found.count("router") == 1);
  CHECK(found.count("shared down") == 1);
  for (const char* part : {"routing", "experts' gate and up", "experts' activation", "experts' down", "experts' sum"})
    CHECK(found.count(part) == 0);

  const Named ranks = named(StepOperators(mixture(), {2, 2}).linear(3_tok, true));
  CHECK(ranks.at("experts").kernel == kernel::kFusedExpertRanks);
  const double of_rows = 2 * (6 * (24 + 96) + 24);  // of all ranks
  CHECK(ranks.at("experts").bytes - ranks.at("experts").weight_bytes == doctest::Approx(of_rows));
  CHECK(ranks.at("experts").weight_bytes == doctest::Approx(weights / 2));
  CHECK(ranks.count("dispatch") == 1);
}

TEST_CASE("do rows of an expert begin a further tile as often as they reach into it?") {
  models::FeedForward network;
  network.experts = network.active = 4;  // every expert has a row of every token
  const auto tiles = [&](std::int64_t tokens) { return even_load(network, tokens, 1).tiles / 4; };
  CHECK(tiles(1) == 1);
  CHECK(tiles(64) == doctest::Approx(1));
  CHECK(tiles(128) == doctest::Approx(1.5));
  CHECK(tiles(192) == doctest::Approx(2));
  CHECK(tiles(128 * 100) == doctest::Approx(100.5).epsilon(1e-3));
}

TEST_CASE("do tensor ranks divide an expert's width, and expert ranks the experts?") {
  const Named sliced = named(StepOperators(mixture(), {2, 1}).linear(3_tok));
  check(sliced, "experts' gate and up", 2 * 6 * 16 * 8, 3.5 * 128 * 2 + 2 * 6 * 24, 2);
  const Named whole = named(StepOperators(mixture(), {2, 2}).linear(3_tok));
  // 3 tokens with 2 experts each are 6 rows over 2 ranks: 3 on average, 3 + sqrt(2 3 ln 2) on the busier one.
  const double rows = 5.039347;
  CHECK(whole.at("experts' gate and up").flops.value() == doctest::Approx(2 * rows * 32 * 8));
  CHECK(whole.at("experts' gate and up").bytes == doctest::Approx(1.75 * 256 * 2 + 2 * rows * 40));
  check(whole, "shared down", 2 * 3 * 8 * 4, 2 * 32 + 2 * 3 * 12, 2);
  CHECK(whole.at("all-reduce").repeats == 4);
}

TEST_CASE("do tokens go to the ranks of their experts and come back, a share of them from each rank?") {
  const Named whole = named(StepOperators(mixture(), {2, 2}).linear(3_tok));
  for (const char* name : {"dispatch", "combine"}) {
    CAPTURE(name);
    const Operator& op = whole.at(name);
    CHECK(op.kind == OperatorKind::all_to_all);
    CHECK(op.bytes == 3 * 2 * 8 * 2 / 2.0);  // 3 tokens, 2 experts, 8 elements of 2 bytes, over 2 ranks
    CHECK(op.ranks == 2);
    CHECK(op.repeats == 2);
  }
  CHECK(named(StepOperators(mixture(), {2, 1}).linear(3_tok)).count("dispatch") == 0);
}

TEST_CASE("is no expert rank busier than all tokens with all of its experts?") {
  // One token with 2 of 4 experts over 4 ranks of one expert each: at most one row on any.
  const Named found = named(StepOperators(mixture(), {4, 4}).linear(1_tok));
  CHECK(found.at("experts' down").flops.value() == 2 * 1 * 8 * 16);
}

TEST_CASE("do stages of a pipeline send hidden states on, and compute what one would?") {
  const Named one = named(StepOperators(mixture(), {}).linear(3_tok));
  Named three = named(StepOperators(mixture(), {.pipeline = 3}).linear(3_tok));
  REQUIRE(three.count("send to next stage") == 1);
  CHECK(three.at("send to next stage").kind == OperatorKind::send);
  CHECK(three.at("send to next stage").bytes == 3 * 8 * 2);
  CHECK(three.at("send to next stage").repeats == 2);
  three.erase("send to next stage");
  CHECK(three.size() == one.size());
  for (const auto& [name, op] : one) CHECK(three.at(name).flops == op.flops);
}

TEST_CASE("does one token read the active experts, and a long prompt all of them, each once?") {
  const models::ModelSpec m = shipped("mixtral-8x7b");
  const auto weights = [&](Tokens tokens) {
    double bytes = 0;
    for (const Operator& op : StepOperators(m, {}).linear(tokens)) {
      if (op.kind != OperatorKind::gemm) continue;
      const double rows = static_cast<double>(tokens.value()) * (op.kernel == kernel::kExperts ? 2 : 1);
      bytes += static_cast<double>(op.repeats) * (op.bytes - 2 * rows * static_cast<double>(op.n + op.k));
    }
    return bytes;
  };
  const std::int64_t ends = 2 * m.vocabulary * m.hidden + (2 * m.layers + 1) * m.hidden;
  CHECK(weights(1_tok) == doctest::Approx(2.0 * static_cast<double>(m.active_parameters() - ends)).epsilon(1e-9));
  CHECK(weights(4096_tok) == doctest::Approx(2.0 * static_cast<double>(m.parameters() - ends)).epsilon(1e-9));
}

TEST_CASE("does decoding over latents absorb the projections and read 576 elements a token?") {
  const models::ModelSpec m = shipped("deepseek-v2-lite");  // 16 heads, latents of 512 + 64, 27 layers
  Batch b;
  b.decodes = b.sampled = 2;
  b.decode_context = 100_tok;
  const Named found = of_batch(m, b);
  check(found, "decode attention", 2.0 * 100 * 16 * (2 * 512 + 64), 576.0 * 2 * 100 + 2.0 * 16 * 1'088 * 2, 27);
  check(found, "absorbed queries", 2.0 * 2 * 16 * 128 * 512, 2.0 * 16 * 128 * 512 + 2.0 * 2 * 16 * (128 + 512), 27);
  check(found, "expanded outputs", 2.0 * 2 * 16 * 128 * 512, 2.0 * 16 * 128 * 512 + 2.0 * 2 * 16 * (128 + 512), 27);
  CHECK(found.size() == 3);
  // Four ranks: a quarter of the heads, the whole latents.
  check(of_batch(m, b, {4, 1}), "decode attention", 2.0 * 100 * 4 * 1'088, 576.0 * 2 * 100 + 2.0 * 4 * 1'088 * 2, 27);
}

TEST_CASE("does a prefill over latents expand its whole context, then attend with heads of 192 and 128?") {
  Batch b;
  b.add_chunk(10_tok, 20_tok);  // 10 x 20 + 55 pairs
  const Named found = of_batch(shipped("deepseek-v2-lite"), b);
  check(found, "kv up", 2.0 * 30 * 16 * 256 * 512, 2.0 * 16 * 256 * 512 + 2.0 * 30 * (16 * 256 + 512), 27);
  check(found, "prefill attention", 2.0 * 255 * 16 * (192 + 128), (10.0 + 30) * 16 * 320 * 2, 27);
  CHECK(found.size() == 2);
}

TEST_CASE("are the projections of latents those counted by hand?") {
  const Named found = named(StepOperators(shipped("deepseek-v3"), {}).linear(1_tok));
  const auto shape = [&](const char* name, std::int64_t n, std::int64_t k, std::int64_t repeats) {
    CAPTURE(name);
    CHECK(found.at(name).n == n);
    CHECK(found.at(name).k == k);
    CHECK(found.at(name).repeats == repeats);
  };
  shape("query down", 1'536, 7'168, 61);
  shape("query up", 128 * 192, 1'536, 61);
  shape("kv down", 576, 7'168, 61);
  shape("attention output", 7'168, 128 * 128, 61);
  shape("gate and up", 2 * 18'432, 7'168, 3);
  shape("shared gate and up", 2 * 2'048, 7'168, 58);
  CHECK(found.at("kv write").bytes == 576 * 2 * 2);
}

TEST_CASE("does a window cap pairs and contexts, sequence by sequence?") {
  Batch b = with_window(4);
  b.add_chunk(3_tok, 2_tok);   // queries see 3, 4 and 4 of 5; the first reaches back to the start
  b.add_chunk(2_tok, 10_tok);  // 4 and 4; the first reaches back 3
  CHECK(b.window_pairs == 11 + 8);
  CHECK(b.window_prefill_context == Tokens(5 + 5));
  CHECK(b.score_pairs == 3 + 4 + 5 + 11 + 12);
}

TEST_CASE("are the sums of a window those of one query after the other?") {
  for (std::int64_t window : {1, 2, 5, 16, 100}) {
    for (std::int64_t n : {1, 3, 16, 40}) {
      for (std::int64_t c : {0, 1, 4, 15, 16, 90}) {
        Batch b = with_window(window);
        b.add_chunk(Tokens(n), Tokens(c));
        std::int64_t pairs = 0;
        for (std::int64_t i = 1; i <= n; ++i) pairs += std::min(window, c + i);
        INFO("window ", window, ", ", n, " tokens at ", c);
        CHECK(b.window_pairs == pairs);
        CHECK(b.window_prefill_context == Tokens(c + n - std::max<std::int64_t>(0, c + 1 - window)));
      }
    }
  }
}

TEST_CASE("do layers with a window attend to it, the others to all, with everything else shared?") {
  const models::ModelSpec m =
      shipped("gemma-2-9b");  // 16 and 8 heads of 256; 21 layers with a window of 4,096, 21 without
  Batch b = with_window(4096);
  b.decodes = 2, b.decode_context = Tokens(1'000 + 9'000), b.window_decode_context = Tokens(1'000 + 4'096);
  Operators found;
  StepOperators(m, {}).attention(b, found);
  REQUIRE(found.size() == 2);
  CHECK(found[0].flops.value() == 4.0 * 5'096 * 4'096);
  CHECK(found[0].bytes == 2.0 * 5'096 * 2'048 * 2 + 2.0 * 2 * 4'096 * 2);
  CHECK(found[0].repeats == 21);
  CHECK(found[1].flops.value() == 4.0 * 10'000 * 4'096);
  CHECK(found[1].repeats == 21);
  const Named linear = named(StepOperators(m, {}).linear(7_tok));
  CHECK(linear.at("qkv").repeats == 42);
  CHECK(linear.at("other norms").repeats == 2 * 42);
}

TEST_CASE("are recurrent layers products, and a scan over each sequence's state?") {
  const models::ModelSpec m = shipped("jamba-v0.1");  // 8,192 channels of 16 states and 3 taps kept, in 28 of 32 layers
  Batch b;
  b.add_chunk(5_tok, 0_tok);
  b.decodes = 2, b.decode_context = 40_tok;
  const Named found = of_batch(m, b);
  check(found, "scan", 8.0 * 7 * 8'192 * 16, 2.0 * (7 * (4 * 8'192 + 32) + 2 * 3 * 8'192 * 19), 28);
  CHECK(found.at("decode attention").repeats == 4);
  const Named linear = named(StepOperators(m, {}).linear(7_tok));
  CHECK(linear.at("in projection").n == 2 * 8'192);
  CHECK(linear.at("step, in and out").n == 256 + 32);
  CHECK(linear.at("out projection").repeats == 28);
  CHECK(linear.count("rotary") == 0);
  CHECK(linear.at("experts' down").repeats == 16);
  CHECK(linear.at("down").repeats == 16);
}

TEST_CASE("do attention and MLP side by side reduce once a layer, behind one norm?") {
  const Named found = named(StepOperators(shipped("falcon-40b"), {8, 1}).linear(1_tok));
  CHECK(found.at("all-reduce").repeats == 60);
  CHECK(found.at("up").n == 32'768 / 8);
  CHECK(found.count("gate and up") == 0);
  CHECK(named(StepOperators(shipped("falcon-7b"), {}).linear(1_tok)).count("post-attention norm") == 0);
}

TEST_CASE("does every shipped model have a step whose operators add up to it?") {
  hw::MachineSpec machine;
  machine.gpu.dense_bf16 = 989_TFLOPs;
  machine.gpu.memory_bandwidth = 3350_GBps;
  calib::Profile profile;
  profile.gemm_efficiency = profile.attention_efficiency = profile.gemm_bandwidth = 0.7;
  profile.attention_bandwidth = profile.elementwise_bandwidth = 0.6;
  for (const std::string& name : config::names_in(TIERSIM_SOURCE_DIR "/models")) {
    CAPTURE(name);
    CostModel cost(shipped(name), machine, profile, {});
    Batch b = cost.empty_batch();
    b.add_chunk(100_tok, 300_tok);
    b.decodes = 3, b.decode_context = 3000_tok, b.sampled = 4;
    b.window_decode_context = Tokens(std::min<std::int64_t>(3000, 3 * b.window.value()));
    double sum = in_seconds(profile.step_overhead).value();
    for (const Operator& op : cost.operators(b)) sum += cost.time_of(op).total().value();
    CHECK(cost.step(b).total().value() == doctest::Approx(sum).epsilon(1e-12));
  }
}

TEST_CASE("is attention over a chunk and decoding sequences one kernel where an engine runs it so?") {
  Batch b;
  b.add_chunk(100_tok, 28_tok);
  b.decodes = 3, b.decode_context = 600_tok, b.longest = 400_tok;
  const models::ModelSpec m = shipped("llama-3.1-8b");
  Operators fused;
  StepOperators(m, {}).attention(b, fused, true);
  const Named found = named(fused);
  REQUIRE(found.size() == 1);
  // 32 heads of 128 + 128 elements of queries and outputs, 8 of keys and values, in 2 bytes.
  check(found, "mixed attention", 2.0 * (100 * 28 + 100 * 101 / 2) * 8192, 103.0 * 8192 * 2 + (128.0 + 600) * 2048 * 2,
        32);
  const Operator& op = found.at("mixed attention");
  CHECK(op.decode_flops.value() == 2.0 * 600 * 8192);
  CHECK(op.chunk == 100);
  CHECK(op.offset == 28);
  CHECK(op.longest == 400);
  CHECK(op.blocks == 32 * 4 * 2);  // tiles of 64 queries, for decoding sequences too
  CHECK(of_batch(m, b).size() == 2);
  b.decodes = 0, b.decode_context = 0_tok;
  Operators alone;
  StepOperators(m, {}).attention(b, alone, true);
  CHECK(named(alone).count("prefill attention") == 1);
}
