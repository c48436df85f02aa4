// Single requests through run(), their times worked out by hand to the nanosecond: on the metronome (every step takes
// 1000 ns, links carry 1 byte a nanosecond, a block is 1000 bytes) and with the roofline of real hardware.
#include <doctest/doctest.h>

#include "tests/support/scenarios.hpp"
#include "tests/support/small_system.hpp"

using namespace tiersim;
using namespace tiersim::literals;
using namespace tiersim::tests;

namespace {

constexpr Duration kStep = 1_us;

/// So many replicas of one GPU in turn, over DRAM.
ServingSettings over_dram(std::int64_t replicas) {
  ServingSettings s = metronome_settings(kStep);
  s.machine = metronome(replicas);
  s.replicas = replicas;
  s.router.name = "round_robin";
  s.lower.push_back(small_tier("dram", 0, 1000));
  return s;
}

/// Two full blocks of 16 tokens and the last token: the first is computed on replica 0 and written below by 3000, the
/// second comes to replica 1 at 10,000 and finds it there.
const std::vector<SmallRequest> kWrittenThenLoaded{{.arrival = 0, .prompt = 33, .blocks = {0, 1}},
                                                   {.arrival = 10'000, .prompt = 33, .blocks = {0, 1}}};

void check_times(const RequestOutcome& r, std::int64_t scheduled, std::int64_t first, std::int64_t last) {
  CHECK(r.scheduled.value() == scheduled);
  CHECK(r.first_token.value() == first);
  CHECK(r.last_token.value() == last);
}

}  // namespace

TEST_CASE("does a prompt take one step, and each further token another?") {
  const ServingOutcome out =
      outcome_of(metronome_settings(kStep), make_trace({{.arrival = 500, .prompt = 100, .output = 5}}));
  check_times(out.requests[0], 500, 1500, 5500);
  CHECK(out.requests[0].arrival == Time(500));
  CHECK(out.whole.steps == 5);
  CHECK(out.whole.tokens_out == 5);
  CHECK(out.whole.tokens_prefilled == 100);
  CHECK(out.whole.stepping == 5_us);
  std::int64_t gaps = 0;
  for (const WeightedSample& g : out.gaps) {
    if (g.count > 0) CHECK(g.value == 1000);
    gaps += g.count;
  }
  CHECK(gaps == 4);
}

TEST_CASE("does a prompt beyond the token budget take its chunks?") {
  ServingSettings s = metronome_settings(kStep);
  s.engine.max_batched_tokens = 40_tok;
  const ServingOutcome out = outcome_of(s, make_trace({{.prompt = 100, .output = 2}, {.prompt = 60, .output = 1}}));
  check_times(out.requests[0], 0, 3000, 4000);
  check_times(out.requests[1], 2000, 5000, 5000);  // 20 of the third step, 39 beside a decode, and the last
}

TEST_CASE("is a prefix in HBM computed once?") {
  ServingSettings s = metronome_settings(kStep);
  s.engine.max_batched_tokens = 16_tok;
  const ServingOutcome out = outcome_of(s, make_trace({{.arrival = 0, .prompt = 33, .blocks = {0, 1}},
                                                       {.arrival = 10'000, .prompt = 33, .blocks = {0, 1}},
                                                       {.arrival = 20'000, .prompt = 32, .blocks = {0, 1}}},
                                                      16));
  check_times(out.requests[0], 0, 3000, 3000);
  check_times(out.requests[1], 10'000, 11'000, 11'000);
  check_times(out.requests[2], 20'000, 21'000, 21'000);
  CHECK(out.requests[1].first.tier[0] == 32);
  CHECK(out.requests[1].first.fresh == 1);
  CHECK(out.requests[2].first.tier[0] == 16);  // its last token is computed, so its last block is not taken
}

TEST_CASE("does a second request wait for the only seat?") {
  ServingSettings s = metronome_settings(kStep);
  s.engine.max_sequences = 1;
  const ServingOutcome out = outcome_of(s, make_trace({{.prompt = 10, .output = 3}, {.prompt = 10, .output = 1}}));
  check_times(out.requests[0], 0, 1000, 3000);
  check_times(out.requests[1], 3000, 4000, 4000);
}

TEST_CASE("does a request whose prefix lies in DRAM wait for its bytes over the link?") {
  const ServingOutcome out = outcome_of(over_dram(2), make_trace(kWrittenThenLoaded, 16));
  check_times(out.requests[0], 0, 1000, 1000);
  check_times(out.requests[1], 12'000, 13'000, 13'000);
  CHECK(out.requests[1].load_wait == 2_us);
  CHECK(out.requests[1].first.tier[1] == 32);
  CHECK(out.requests[1].first.fresh == 1);
  CHECK(out.whole.loads == 1);
  CHECK(out.whole.load_wait == 2_us);
  CHECK(out.whole.waiting_for_loads == 2_us);
  CHECK(out.whole.lost_loads == 1);  // the prefill of 32 tokens would have been one step
  CHECK(out.whole.lost_time == 1_us);
}

TEST_CASE("does a load pay the latencies of its links once and their operations for each block?") {
  ServingSettings s = over_dram(2);
  s.machine.gpu_link.latency = 50_ns;
  s.machine.gpu_link.per_operation = 7_ns;
  s.machine.storage[0].link.latency = 300_ns;
  const ServingOutcome out = outcome_of(s, make_trace(kWrittenThenLoaded, 16));
  check_times(out.requests[1], 12'364, 13'364, 13'364);
}

TEST_CASE("do two loads share a fair link?") {
  std::vector<SmallRequest> requests = kWrittenThenLoaded;
  requests.push_back(requests[1]);
  const ServingOutcome out = outcome_of(over_dram(3), make_trace(requests, 16));
  for (int r : {1, 2}) check_times(out.requests[r], 14'000, 15'000, 15'000);  // half of DRAM's rate each
}

TEST_CASE("does a load that starts later slow an earlier one down from then on?") {
  std::vector<SmallRequest> requests = kWrittenThenLoaded;
  requests.push_back(requests[1]);
  requests[2].arrival = 11'000;
  const ServingOutcome out = outcome_of(over_dram(3), make_trace(requests, 16));
  check_times(out.requests[1], 13'000, 14'000, 14'000);  // 1000 bytes alone, 1000 at half the rate
  check_times(out.requests[2], 14'000, 15'000, 15'000);  // 1000 bytes at half the rate, 1000 alone
}

TEST_CASE("does a load wait for another on a fifo link?") {
  ServingSettings s = over_dram(2);
  s.machine.storage[0].link = plain_link(4, hw::Sharing::fair);
  const ServingOutcome out = outcome_of(s, make_trace({{.arrival = 0, .prompt = 33, .blocks = {0, 1}},
                                                       {.arrival = 0},
                                                       {.arrival = 5'000, .prompt = 49, .blocks = {2, 3, 4}},
                                                       {.arrival = 20'000, .prompt = 33, .blocks = {0, 1}},
                                                       {.arrival = 20'000},
                                                       {.arrival = 20'000, .prompt = 49, .blocks = {2, 3, 4}}},
                                                      16));
  check_times(out.requests[3], 22'000, 23'000, 23'000);
  check_times(out.requests[5], 25'000, 26'000, 26'000);
  CHECK(out.requests[5].load_wait == 5_us);
}

TEST_CASE("does a load of a tensor-parallel group move its shares side by side?") {
  ServingSettings s = over_dram(2);
  s.machine = metronome(4);
  s.machine.collective_bandwidth = BytesPerSecond(1e30);
  s.machine.storage[0].link = plain_link(4, hw::Sharing::fair);
  s.model.query_heads = s.model.kv_heads = 2;
  s.ranks.tensor = 2;
  const ServingOutcome out = outcome_of(s, make_trace(kWrittenThenLoaded, 16));
  check_times(out.requests[1], 11'000, 12'000, 12'000);
}

TEST_CASE("does a pipeline take one stage's times and a send more, a step at a time?") {
  ServingSettings s = metronome_settings(kStep);
  s.machine = metronome(3);
  s.machine.collective_latency = 50_ns;
  s.machine.collective_bandwidth = BytesPerSecond(1e30);
  s.model.layers = 3;
  s.ranks.pipeline = 3;
  const ServingOutcome out = outcome_of(s, make_trace({{.arrival = 500, .prompt = 100, .output = 3}}));
  check_times(out.requests[0], 500, 1600, 3800);  // two sends a step
}

TEST_CASE("does a load of a pipeline go to every stage over its own link?") {
  ServingSettings s = over_dram(2);
  s.machine = metronome(4);
  s.machine.collective_bandwidth = BytesPerSecond(1e30);
  s.machine.storage[0].link = plain_link(4, hw::Sharing::fair);
  s.ranks.pipeline = 2;
  const ServingOutcome out = outcome_of(s, make_trace(kWrittenThenLoaded, 16));
  check_times(out.requests[1], 11'000, 12'000, 12'000);
}

TEST_CASE("does a staged load go to the host first?") {
  ServingSettings s = over_dram(2);
  s.lower = {small_tier("ssd", 1, 1000)};
  s.lower[0].staged = true;
  const ServingOutcome out = outcome_of(s, make_trace(kWrittenThenLoaded, 16));
  check_times(out.requests[1], 16'000, 17'000, 17'000);  // 2000 bytes at half a byte a ns, then at one
}

TEST_CASE("is a prefix computed rather than loaded where that is no slower?") {
  ServingSettings s = over_dram(2);
  s.engine.load = LoadWhen::cheaper;
  ServingOutcome out = outcome_of(s, make_trace(kWrittenThenLoaded, 16));
  check_times(out.requests[1], 10'000, 11'000, 11'000);  // a step against 2000 ns
  CHECK(out.whole.declined_loads == 1);
  CHECK(out.requests[1].first.tier[1] == 0);
  CHECK(out.requests[1].first.recomputed == 32);

  s.profile.step_overhead = 2'001_ns;
  out = outcome_of(s, make_trace(kWrittenThenLoaded, 16));
  check_times(out.requests[1], 12'000, 14'001, 14'001);
  CHECK(out.whole.loads == 1);
  CHECK(out.whole.lost_loads == 0);
}

TEST_CASE("does a step that loads layer by layer end when the last layer has been there and computed?") {
  ServingSettings s = over_dram(2);
  s.engine.layerwise = true;
  s.engine.layers = 4;
  ServingOutcome out = outcome_of(s, make_trace(kWrittenThenLoaded, 16));
  check_times(out.requests[1], 10'000, 12'250, 12'250);  // the last part at 12,000, then a quarter of 1000

  s.profile.step_overhead = 8_us;
  out = outcome_of(s, make_trace({kWrittenThenLoaded[0], {.arrival = 20'000, .prompt = 33, .blocks = {0, 1}}}, 16));
  check_times(out.requests[1], 20'000, 28'500, 28'500);  // the first part at 20,500, then all of 8000
}

TEST_CASE("does a request wait until the frames that it gets have been written back?") {
  ServingSettings s = metronome_settings(kStep, 4);
  s.lower.push_back(small_tier("dram", 0, 100));
  s.lower[0].write = WriteMode::back;
  const ServingOutcome out = outcome_of(
      s, make_trace({{.arrival = 0, .prompt = 49, .blocks = {0, 1, 2}}, {.arrival = 5000, .prompt = 49}}, 16));
  check_times(out.requests[0], 0, 1000, 1000);
  check_times(out.requests[1], 8000, 9000, 9000);  // three blocks over PCIe
  CHECK(out.whole.tiers[1].write_backs == 3);
  CHECK(out.whole.evicted[0] == 3);
}

TEST_CASE("does a decoding batch's step wait until the frame that it gets has been written back?") {
  ServingSettings s = metronome_settings(kStep, 5);
  s.lower.push_back(small_tier("dram", 0, 100));
  s.lower[0].write = WriteMode::back;
  // The second takes the empty frame for its prompt, the first's unnamed one for tokens 17 to 32, and at token 33 the
  // frame of a named block.
  const ServingOutcome out = outcome_of(
      s, make_trace({{.arrival = 0, .prompt = 49, .blocks = {0, 1, 2}}, {.arrival = 5000, .prompt = 16, .output = 20}},
                    16));
  check_times(out.requests[1], 5000, 6000, 6000 + 19 * 1000 + 1000);
  CHECK(out.whole.tiers[1].write_backs == 1);
  CHECK(out.whole.step_waits == 1_us);
}

TEST_CASE("is a request that can never fit turned away at its arrival?") {
  const ServingOutcome out =
      outcome_of(metronome_settings(kStep, 4),
                 make_trace({{.arrival = 7, .prompt = 60, .output = 6}, {.arrival = 7, .prompt = 60, .output = 5}}));
  CHECK(out.requests[0].status == RequestStatus::rejected);
  CHECK(out.requests[0].reason == RejectReason::never_fits);
  CHECK(out.requests[0].scheduled == Time(-1));
  check_times(out.requests[1], 7, 1007, 5007);
}

TEST_CASE("are prefill and decode on real hardware the cost of the batches that they form?") {
  ScenarioText text(R"(model: llama-3.1-8b
machine: hgx-h100x1
serving: {max_batched_tokens: 1024}
workload: {requests: {trace: one.csv, format: csv}}
)");
  text.folder().write("one.csv", "arrival,prompt_tokens,output_tokens\n0.25,2500,40\n");
  const ResolvedScenario scenario = text.resolve();
  REQUIRE(text.diagnostics().render() == "");
  CostModel cost(scenario.settings.model, scenario.settings.machine, scenario.settings.profile, {});
  Time now(250'000'000);
  for (std::int64_t at : {0, 1024, 2048}) {
    Batch chunk;
    chunk.add_chunk(Tokens(std::min<std::int64_t>(1024, 2500 - at)), Tokens(at));
    chunk.sampled = at == 2048 ? 1 : 0;
    now += cost.duration(chunk);
  }
  const RequestOutcome r = outcome_of(scenario).requests[0];
  CHECK(r.first_token == now);
  for (std::int64_t token = 1; token < 40; ++token) {
    Batch decode;
    decode.decodes = decode.sampled = 1;
    decode.decode_context = Tokens(2500 + token);
    now += cost.duration(decode);
  }
  CHECK(r.last_token == now);
}

TEST_CASE("do two prompts that arrive together share one step?") {
  ScenarioText text(R"(model: llama-3.1-8b
machine: hgx-h100x1
workload: {requests: {trace: two.csv, format: csv}}
)");
  text.folder().write("two.csv", "arrival,prompt_tokens,output_tokens\n0,300,2\n0,500,1\n");
  const ResolvedScenario scenario = text.resolve();
  REQUIRE(text.diagnostics().render() == "");
  CostModel cost(scenario.settings.model, scenario.settings.machine, scenario.settings.profile, {});
  Batch both;
  both.add_chunk(300_tok, 0_tok);
  both.add_chunk(500_tok, 0_tok);
  both.sampled = 2;
  Batch decode;
  decode.decodes = decode.sampled = 1;
  decode.decode_context = 301_tok;
  const ServingOutcome out = outcome_of(scenario);
  CHECK(out.requests[0].first_token == Time(0) + cost.duration(both));
  CHECK(out.requests[1].last_token == out.requests[0].first_token);
  CHECK(out.requests[0].last_token == Time(0) + cost.duration(both) + cost.duration(decode));
}
