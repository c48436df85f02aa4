// The same scenario gives the same result, field by field: run again, run on two threads, run with its keys in another
// order, run while another runs.
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "sim/core/rng.hpp"
#include "tests/support/result_text.hpp"
#include "tests/support/scenarios.hpp"

using namespace tiersim;
using namespace tiersim::tests;

namespace {

/// Two busy replicas with little HBM over DRAM and SSD: preemptions, loads, write-backs and evictions in all tiers.
const std::string kTiers = R"(# Is it the same every time?
seed: 3
model: llama-3.1-8b
machine: hgx-h100x4
serving: {replicas: 2, max_batched_tokens: 2048, max_sequences: 32, router: least_loaded, load: always}
hierarchy:
  - {tier: hbm, blocks: 600}
  - {tier: dram, capacity: 1 GiB, eviction: lru, write: through}
  - {tier: ssd, capacity: 3 GiB, eviction: fifo, admission: second_touch, write: back}
workload:
  generate: {chat: {requests: 400, rate: 12/s, tenants: 5, system_prompt: 800, max_prompt: 6000, think_time: 2 s}}
  load: {kind: open, rate: 1.5x, jitter: 100 ms}
  window: {warm_up: 10%, drain: 20 requests}
limits: {ttft: 2 s, tpot: 50 ms}
report: {sample_every: 500 ms}
)";

/// One replica of two ranks in a closed loop, loads layer by layer.
const std::string kClosed = R"(model: llama-3.1-8b
machine: hgx-h100x4
serving: {tensor_parallel: 2, layerwise: true, max_batched_tokens: 4096, block: 32}
hierarchy:
  - {tier: hbm, blocks: 500, eviction: lru}
  - {tier: dram, capacity: 4 GiB, write: back, exclusive: true}
workload:
  generate: {chat: {requests: 300, rate: 20/s, turns: 6, max_prompt: 8000, block: 64}}
  load: {kind: sessions, rate: 2x}
)";

ResolvedScenario good(ScenarioText& text) {
  ResolvedScenario out = text.resolve();
  REQUIRE(text.diagnostics().render() == "");
  return out;
}

std::string text_of_run(const ResolvedScenario& scenario, int threads) {
  RunOptions options;
  options.threads = threads;
  return text_of(run(scenario, options));
}

/// Shuffles the keys of every map; lists keep their order, which means something.
void permute(config::Value& value, Rng& rng) {
  for (std::size_t i = value.entries.size(); i > 1; --i) {
    const std::size_t j = rng.below(i);
    std::swap(value.entries[i - 1], value.entries[j]);
    std::swap(value.key_marks[i - 1], value.key_marks[j]);
  }
  for (auto& [key, child] : value.entries) permute(child, rng);
  for (config::Value& item : value.items) permute(item, rng);
}

void check_same(const std::string& a, const std::string& b) {
  const auto differs = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const auto at = static_cast<std::size_t>(differs.first - a.begin());
  const bool same = differs.first == a.end() && differs.second == b.end();
  if (!same)
    MESSAGE("first: ..." << a.substr(at < 80 ? 0 : at - 80, 160) << "\nthen: ..."
                         << b.substr(at < 80 ? 0 : at - 80, 160));
  CHECK(same);
}

}  // namespace

TEST_CASE("does a run meet what these tests are to hold the same?") {
  ScenarioText text(kTiers), closed(kClosed);
  const Totals whole = run(good(text)).run.outcome.whole;
  CHECK(whole.preemptions > 0);
  CHECK(whole.loads > 0);
  CHECK(whole.leapt_steps > 0);
  for (std::size_t tier : {1, 2}) CHECK(whole.tiers[tier].loads > 0);
  CHECK(whole.tiers[2].write_backs > 0);
  CHECK(whole.tiers[2].refused_blocks > 0);
  for (std::size_t tier : {0, 1, 2}) CHECK(whole.evicted[tier] > 0);
  const Totals layers = run(good(closed)).run.outcome.whole;
  CHECK(layers.loads > 0);
  CHECK(layers.tiers[1].write_backs > 0);
  CHECK(layers.step_waits > Duration(0));
}

TEST_CASE("is a run the same again, and on two threads?") {
  for (const std::string& yaml : {kTiers, kClosed}) {
    ScenarioText text(yaml);
    const ResolvedScenario scenario = good(text);
    const std::string once = text_of_run(scenario, 1);
    check_same(once, text_of_run(scenario, 1));
    check_same(once, text_of_run(scenario, 2));
    check_same(once, text_of_run(scenario, 4));
    check_same(once, text_of_run(good(text), 1));
  }
}

TEST_CASE("is a run the same whatever the order of the scenario's keys?") {
  for (const std::string& yaml : {kTiers, kClosed}) {
    ScenarioText text(yaml);
    const std::string once = text_of_run(good(text), 1);
    Rng rng(5);
    for (int i = 0; i < 3; ++i) {
      Diagnostics diagnostics;
      Scenario scenario = load_scenario(text.path(), {}, diagnostics);
      permute(scenario.tree, rng);
      const ResolvedScenario permuted = text.resolve(std::move(scenario));
      REQUIRE(text.diagnostics().render() == "");
      check_same(once, text_of_run(permuted, 1));
    }
  }
}

TEST_CASE("are two runs at once in one process the same as one after the other?") {
  ScenarioText tiers(kTiers), closed(kClosed);
  const ResolvedScenario a = good(tiers), b = good(closed);
  std::string a_beside, b_beside;
  std::thread other([&] { a_beside = text_of_run(a, 1); });
  b_beside = text_of_run(b, 1);
  other.join();
  check_same(a_beside, text_of_run(a, 1));
  check_same(b_beside, text_of_run(b, 1));
}

TEST_CASE("does another seed give another run?") {
  ScenarioText text(kTiers);
  ResolvedScenario other = text.resolve();
  const std::string once = text_of_run(other, 1);
  other.settings.load.seed = 4;  // of the jitter
  CHECK(once != text_of_run(other, 1));
}

TEST_CASE("does watching a run change nothing but the leaps?") {
  struct Silent final : Observer {
    void on_step(const StepRecord&) override {}
    void on_request(RequestEvent, RequestId, ReplicaId, Tokens, Time) override {}
  };
  for (const std::string& yaml : {kTiers, kClosed}) {
    ScenarioText text(yaml);
    const ResolvedScenario scenario = good(text);
    Silent silent;
    RunOptions plain, watched;
    plain.references = watched.references = false;
    watched.observer = &silent;
    const ServingOutcome a = run(scenario, plain).run.outcome, b = run(scenario, watched).run.outcome;
    REQUIRE(a.requests.size() == b.requests.size());
    for (std::size_t r = 0; r < a.requests.size(); ++r) CHECK(text_of(a.requests[r]) == text_of(b.requests[r]));
    CHECK(a.whole.steps == b.whole.steps);
    CHECK(a.whole.tokens_out == b.whole.tokens_out);
    CHECK(a.whole.busy.total() == b.whole.busy.total());
  }
}
