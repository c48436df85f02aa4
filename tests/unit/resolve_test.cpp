// Scenarios from text to settings: defaults, overrides, the memory map, what a mistake is told, and the way back to
// text.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/result_text.hpp"
#include "tests/support/scenarios.hpp"

using namespace tiersim;
using namespace tiersim::literals;
using namespace tiersim::tests;

namespace {

constexpr std::string_view kTrace = "arrival,prompt_tokens,output_tokens\n0,300,20\n0.5,5000,3\n0.6,20,200\n2,900,1\n";

/// A scenario beside a plain CSV trace.
struct Text : ScenarioText {
  explicit Text(const std::string& rest, std::string_view workload = "{requests: {trace: t.csv}}")
      : ScenarioText("# Is this the question?\n#\n# Look at the answer.\n" + rest +
                     "workload: " + std::string(workload) + "\n") {
    folder().write("t.csv", kTrace);
  }
};

const std::string kPlain = "model: llama-3.1-8b\nmachine: hgx-h100x4\n";

ResolvedScenario good(Text& text, const std::vector<std::string>& overrides = {}) {
  ResolvedScenario out = text.resolve(overrides);
  REQUIRE(text.diagnostics().render() == "");
  return out;
}

/// A chat on one H100 over DRAM and SSD, as everything that a scenario can say; small enough to run at once.
const std::string kFull = R"(seed: 7
model: llama-3.1-8b
machine: hgx-h100x1
serving: {max_batched_tokens: 2048, max_sequences: 64, block: 32 tokens, load: always, layerwise: true, reserve_whole_prompt: false}
hierarchy:
  - {tier: hbm, blocks: 300, eviction: lru}
  - {tier: dram, capacity: 4 GiB, eviction: fifo, admission: second_touch, write: through, backlog: 1 GiB, min_tokens: 64 tokens}
  - {tier: ssd, capacity: 8 GiB, write: back, exclusive: true, staged: false, kv_bytes: 1}
limits: {ttft: 2 s, tpot: 50 ms, end_to_end: 60 s}
report: {sample_every: 5 s}
)";
constexpr std::string_view kChat =
    "{generate: {chat: {requests: 60, rate: 4/s, tenants: 3, system_prompt: 500, max_prompt: 4000, block: 32}}, "
    "load: {kind: open, rate: 2x, jitter: 10 ms}, window: {warm_up: 10%, drain: 5 requests}}";

/// The first error whose message contains `part`.
const Diagnostic* find(const Diagnostics& diagnostics, std::string_view part) {
  for (const Diagnostic& d : diagnostics.all())
    if (d.severity == Severity::error && d.message.find(part) != std::string::npos) return &d;
  return nullptr;
}

}  // namespace

TEST_CASE("does a scenario that says nothing more get the defaults that the manual names?") {
  Text text(kPlain);
  const ResolvedScenario r = good(text);
  const ServingSettings& s = r.settings;
  CHECK(s.seed == 1);
  CHECK(s.model.name == "llama-3.1-8b");
  CHECK(s.machine.gpus == 4);
  CHECK(s.profile.name == "datasheet");
  CHECK(s.replicas == 1);
  CHECK(s.ranks.gpus() == 1);
  CHECK(s.block == 16_tok);
  CHECK(s.engine.max_batched_tokens == 8192_tok);
  CHECK(s.engine.max_sequences == 256);
  CHECK(s.engine.reserve_whole_prompt);
  CHECK(s.engine.load == LoadWhen::cheaper);
  CHECK_FALSE(s.engine.layerwise);
  CHECK(s.engine.layers == 32);
  CHECK(s.engine.leaps);
  CHECK(s.router.name == "least_loaded");
  CHECK(s.hbm.eviction.name == "vllm");
  CHECK(s.lower.empty());
  CHECK(s.load.kind == LoadKind::open);
  CHECK(s.load.rate == 1);
  CHECK(s.load.jitter == 0_ns);
  CHECK(s.window.warm_up_requests + s.window.drain_requests == 0);
  CHECK(s.sample_every == 1_s);
  CHECK(s.reference == Reference::none);
  CHECK_FALSE(r.limits.any());
  CHECK(r.trace.size() == 4);
  CHECK(r.trace.origin().format == "csv");
  CHECK(r.trace_name == "t.csv");
  CHECK(r.scenario.question == std::vector<std::string>{"Is this the question?", "", "Look at the answer."});
}

TEST_CASE("does every key reach its setting?") {
  Text text(kFull, kChat);
  const ResolvedScenario r = good(text);
  const ServingSettings& s = r.settings;
  CHECK(s.seed == 7);
  CHECK(s.load.seed == 7);
  CHECK(s.block == 32_tok);
  CHECK(s.engine.max_batched_tokens == 2048_tok);
  CHECK(s.engine.max_sequences == 64);
  CHECK(s.engine.load == LoadWhen::always);
  CHECK(s.engine.layerwise);
  CHECK_FALSE(s.engine.reserve_whole_prompt);
  CHECK(s.hbm.blocks == 300);
  CHECK(s.hbm.eviction.name == "lru");
  CHECK(r.memory.blocks_given);
  REQUIRE(s.lower.size() == 2);
  const LowerTierSettings &dram = s.lower[0], &ssd = s.lower[1];
  CHECK(dram.name == "dram");
  CHECK(dram.storage == 0);
  CHECK(dram.capacity == 4_GiB);
  CHECK(dram.block_bytes == Bytes(131'072 * 32));
  CHECK(dram.eviction.name == "fifo");
  CHECK(dram.admission.name == "second_touch");
  CHECK(dram.write == WriteMode::through);
  CHECK(dram.backlog == 1_GiB);
  CHECK(dram.min_tokens == 64_tok);
  CHECK_FALSE(dram.exclusive);
  CHECK_FALSE(dram.staged);
  CHECK(ssd.storage == 1);
  CHECK(ssd.block_bytes == Bytes(131'072 * 16));  // one byte an element there
  CHECK(ssd.eviction.name == "lru");
  CHECK(ssd.write == WriteMode::back);
  CHECK(ssd.exclusive);
  CHECK_FALSE(ssd.staged);
  CHECK(r.limits.ttft == 2_s);
  CHECK(r.limits.tpot == 50_ms);
  CHECK(r.limits.end_to_end == 60_s);
  CHECK(s.sample_every == 5_s);
  CHECK(s.load.rate == 2);
  CHECK(s.load.jitter == 10_ms);
  CHECK(s.window.warm_up_requests == 6);
  CHECK(s.window.drain_requests == 5);
  CHECK(r.trace.size() == 60);
}

TEST_CASE("does --set change one value, items of the hierarchy by their tier's name?") {
  Text text(kFull, kChat);
  const ResolvedScenario r =
      good(text, {"hierarchy.dram.capacity=2GiB", "serving.max_sequences=8", "report.sample_every=100ms",
                  "workload.load={kind: concurrency, concurrency: 3}"});
  CHECK(r.settings.lower[0].capacity == 2_GiB);
  CHECK(r.settings.engine.max_sequences == 8);
  CHECK(r.settings.sample_every == 100_ms);
  CHECK(r.settings.load.kind == LoadKind::concurrency);
  CHECK(r.settings.load.concurrency == 3);
}

TEST_CASE("is the memory map what is left of a GPU, block by block?") {
  Text text(kPlain + "serving: {tensor_parallel: 2, max_batched_tokens: 4096}\n" +
            "hierarchy: [{tier: hbm, utilisation: 0.8}]\n");
  const ResolvedScenario r = good(text);
  const MemoryMap& m = r.memory;
  CHECK(m.memory == 85'520'809'984_B);
  CHECK(m.weights == r.settings.model.weights_per_rank(2));
  CHECK(m.block_bytes == Bytes(16 * 131'072 / 2));
  CHECK(m.runtime == 800_MB);
  // Hidden states twice in and out, half of the MLP three times, in 2 bytes; logits twice in 4.
  CHECK(m.activations == Bytes(4096LL * (4 * 4096 + 3 * 14'336 / 2) * 2 + 2LL * 4 * 256 * 128'256));
  const std::int64_t left = 68'416'647'987 - (m.weights + m.runtime + m.activations).value();
  CHECK(m.blocks == left / (16 * 131'072 / 2));
  CHECK(r.settings.hbm.blocks == m.blocks);
  CHECK_FALSE(m.blocks_given);
}

TEST_CASE("is the memory map of a pipeline that of its fullest stage?") {
  // 32 layers on 3 stages are 11, 11 and 10: of the first two, the first also has the embedding.
  Text text(kPlain + "serving: {pipeline_parallel: 3}\n");
  const ResolvedScenario r = good(text);
  const models::ModelSpec& model = r.settings.model;
  CHECK(r.settings.ranks.gpus() == 3);
  CHECK(std::count(r.semantics.begin(), r.semantics.end(),
                   "pipeline: 3 stages, one batch at a time: a lower bound of throughput") == 1);
  CHECK(r.memory.weights == model.weights_per_gpu({.pipeline = 3}, 0));
  CHECK(r.memory.weights == Bytes(2 * (11 * 218'112'000LL + 128'256 * 4096)));
  CHECK(r.memory.block_bytes == Bytes(16 * 4096 * 11));
  // Blocks of all layers over all ranks, whatever the fullest stage holds.
  CHECK(run(r).run.context.tiers[0].block_bytes == Bytes(16 * 131'072));
}

TEST_CASE("does the resolved scenario resolve to itself, and run to the same result?") {
  Text text(kFull, kChat);
  const ResolvedScenario first = good(text);
  const std::string yaml = config::to_yaml(first.resolved);
  const ResolvedScenario second = text.resolve_also(yaml);
  REQUIRE(text.diagnostics().render() == "");
  CHECK(config::to_yaml(second.resolved) == yaml);
  CHECK(second.semantics == first.semantics);
  Result a = run(first), b = run(second);
  a.question = b.question;  // comments do not come through
  CHECK(text_of(a) == text_of(b));
}

TEST_CASE("does a resolved trace scenario keep its numbers and pin its trace?") {
  Text text(kPlain + "serving: {replicas: 2}\n",
            "{requests: {trace: t.csv, first: 3}, load: {kind: poisson, per_second: 90/min}, "
            "window: {warm_caches: true, warm_up: 1 requests}}");
  const ResolvedScenario first = good(text);
  CHECK(first.trace.size() == 6);
  CHECK(first.settings.window.warm_up_requests == 4);
  const std::string yaml = config::to_yaml(first.resolved);
  const ResolvedScenario second = text.resolve_also(yaml);
  REQUIRE(text.diagnostics().render() == "");
  CHECK(config::to_yaml(second.resolved) == yaml);
  CHECK(second.settings.window.warm_up_requests == 4);
  Result a = run(first), b = run(second);
  a.question = b.question;
  CHECK(text_of(a) == text_of(b));
  text.folder().write("t.csv", std::string(kTrace) + "3,1,1\n");
  text.resolve_also(yaml);
  CHECK(find(text.diagnostics(), "not the one that this scenario was resolved with") != nullptr);
}

TEST_CASE("does a trace in a folder take its format's parameters, and keep them and its hash where its reader warns?") {
  ScenarioText text(kPlain + "workload: {requests: {trace: agents/, format: {kv-cache-tester: {gap: 3 s}}}}\n");
  for (const char* file : {"session_1.json", "session_2.json"})
    text.folder().write("agents/" + std::string(file), bytes_of(sample("kv-cache-tester/" + std::string(file))));
  const ResolvedScenario first = text.resolve();
  CHECK_FALSE(text.diagnostics().has_errors());
  CHECK(text.diagnostics().render().find("answers of 0 tokens count as 1") != std::string::npos);
  CHECK(first.trace_name == "agents");
  CHECK(first.trace.arrival(RequestId(1)) == Time(3'000'000'000));
  const std::string resolved = config::to_yaml(first.resolved);
  CHECK(resolved.find("kv-cache-tester: {gap: 3 s}") != std::string::npos);
  CHECK(resolved.find("hash: " + first.trace.origin().hash) != std::string::npos);
  const ResolvedScenario again = text.resolve_also(resolved);
  CHECK_FALSE(text.diagnostics().has_errors());
  CHECK(config::to_yaml(again.resolved) == resolved);
}

TEST_CASE("are all mistakes told at once, each with its place?") {
  Text text(R"(model: llama-3.1-8bb
machine: hgx-h100x4
serving: {replica: 2, max_batched_tokens: 100, max_sequences: 200}
hierarchy:
  - {tier: hbm, eviction: lfu-ish}
  - {tier: dramm, capacity: 100}
)");
  text.resolve();
  const Diagnostics& d = text.diagnostics();
  const auto at = [&](std::string_view part, int line) {
    CAPTURE(std::string(part));
    const Diagnostic* found = find(d, part);
    REQUIRE(found != nullptr);
    CHECK(found->mark.file == text.path());
    CHECK(found->mark.line == line);
    CHECK(found->mark.column > 0);
  };
  at("unknown model 'llama-3.1-8bb'", 4);
  at("unknown key 'replica'", 6);
  at("max_sequences = 200 exceeds max_batched_tokens = 100", 6);
  at("unknown eviction policy 'lfu-ish'", 8);
  at("machine hgx-h100x4 has no storage 'dramm'", 9);
  at("capacity", 9);
  CHECK(d.render().find("did you mean 'llama-3.1-8b'?") != std::string::npos);
  CHECK(d.render().find("did you mean 'dram'?") != std::string::npos);
}

TEST_CASE("are scenarios refused that cannot run?") {
  const auto refused = [](const std::string& rest, std::string_view part,
                          std::string_view workload = "{requests: {trace: t.csv}}") {
    Text text(rest, workload);
    text.resolve();
    CAPTURE(text.diagnostics().render());
    CAPTURE(std::string(part));
    const Diagnostic* found = find(text.diagnostics(), part);
    REQUIRE(found != nullptr);
    CHECK(found->mark.line > 0);
  };
  refused(kPlain + "serving: {replicas: 3, tensor_parallel: 2}\n", "3 replicas of 2 GPUs need 6");
  refused(kPlain + "serving: {tensor_parallel: 3}\n", "tensor_parallel = 3 does not divide the 32 query heads");
  refused("model: llama-3.1-70b\nmachine: hgx-h100x1\n", "but the weights of llama-3.1-70b need");
  refused(kPlain + "hierarchy: [{tier: hbm, blocks: 10, utilisation: 0.5}]\n", "exclude each other");
  refused(kPlain + "hierarchy: [{tier: hbm}, {tier: dram, capacity: 1 MB}]\n", "less than one block");
  refused(kPlain + "hierarchy: [{tier: dram}]\n", "starts with tier 'hbm'");
  refused(kPlain + "hierarchy: [{tier: hbm}, {tier: dram}, {tier: dram}]\n", "stands twice");
  refused(kPlain + "hierarchy: []\n", "has no tier");
  refused(kPlain + "serving: {block: 48}\n", "does not divide", "{generate: {chat: {block: 64}}}");
  refused(kPlain, "has no sessions", "{requests: {trace: t.csv}, load: {kind: sessions}}");
  refused(kPlain, "leaves none of the 4 requests", "{requests: {trace: t.csv}, window: {warm_up: 4 requests}}");
  refused(kPlain, "exclude each other", "{requests: {trace: t.csv}, generate: {chat: {}}}");
  refused(kPlain, "needs 'requests'", "{}");
  refused("machine: hgx-h100x4\n", "missing key 'model'");
}

TEST_CASE("does a model or a machine written in place count as one of the library?") {
  Text text(R"(model:
  {name: small, layers: 2, hidden: 64, query_heads: 4, kv_heads: 2, head_dim: 16, intermediate: 128, vocabulary: 1000, max_context: 4096}
machine:
  name: box
  gpu: {name: toy, dense_bf16: 10 TFLOP/s, memory: 1 GB, memory_bandwidth: 100 GB/s, l2: 1 MiB, sms: 10}
  gpu_link: {h2d: 10 GB/s, d2h: 10 GB/s, latency: 5 us}
profile: {name: p, provenance: datasheet, gemm_efficiency: 0.5, attention_efficiency: 0.5, gemm_bandwidth: 0.5, attention_bandwidth: 0.5, elementwise_bandwidth: 0.5, launch: 1 us, step_overhead: 1 us, runtime_memory: 0 B}
)");
  const ResolvedScenario r = good(text);
  CHECK(r.settings.model.kv_per_token() == Bytes(2 * 2 * 2 * 16 * 2));
  CHECK(r.settings.machine.gpu.name == "toy");
  const std::string yaml = config::to_yaml(r.resolved);
  const ResolvedScenario again = text.resolve_also(yaml);
  CHECK(text.diagnostics().render() == "");
  CHECK(config::to_yaml(again.resolved) == yaml);
}
