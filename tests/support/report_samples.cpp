#include "tests/support/report_samples.hpp"

namespace tiersim::test {
namespace {

using namespace literals;

constexpr std::int64_t kMs = 1'000'000, kSecond = 1'000 * kMs;

/// 400 requests, one every 100 ms, whose latencies spread evenly; `scale` stretches them.
void add_requests(RunResult& run, double scale) {
  const auto stretched = [&](std::int64_t ms) { return static_cast<std::int64_t>(static_cast<double>(ms) * scale); };
  for (std::int64_t i = 0; i < 400; ++i) {
    const std::int64_t arrival = 100 * i, queue = stretched(3 * (i % 20)), first = queue + stretched(150 + i % 40);
    RequestOutcome r =
        completed(arrival, arrival + queue, arrival + first, arrival + first + stretched(4'800 + i), 2048, 200);
    r.replica = static_cast<std::uint16_t>(i % 2);
    r.first.tier = {256, 512, 32};
    r.first.recomputed = 48, r.first.fresh = 2048 - 848;
    r.final = r.first;
    r.wanted_blocks = 128;
    if (i % 3 == 0) r.load_wait = Duration(stretched(2) * kMs);
    run.outcome.requests.push_back(r);
  }
  run.outcome.gaps = {{stretched(20) * kMs, 40'000}, {stretched(26) * kMs, 30'000}, {stretched(45) * kMs, 9'600}};
}

void add_totals(Totals& t) {
  t.at = Time(48 * kSecond);
  t.steps = 1'900, t.events = 4'500;
  t.tokens_out = 80'000, t.tokens_prefilled = 519'200;
  t.busy = {Seconds(41), Seconds(38), Seconds(2.5), Seconds(1.9)};
  t.stepping = Duration(85 * kSecond), t.step_waits = Duration(1'600 * kMs), t.waiting_for_loads = Duration(300 * kMs);
  t.preemptions = 12, t.recomputed_tokens = 7'400;
  t.loads = 1'210, t.lost_loads = 10, t.declined_loads = 31;
  t.load_wait = Duration(2'800 * kMs), t.load_saved = Duration(61 * kSecond), t.lost_time = Duration(45 * kMs);
  t.misses = {29'100, 0, 1'450, 0, 460};
  t.tier_lost_loads = {0, 2, 8};
  t.tiers[1] = {1'204, 12'800, 30'500, 0, 0};
  t.tiers[2] = {330, 800, 9'100, 21'000, 9'100};
  t.evicted = {24'000, 9'900, 0};
  t.links = {{43_GB, 43_GB, Duration(21 * kSecond), 1'204}, {62_GB, 62_GB, Duration(11 * kSecond), 2'000},
             {43_GB, 43_GB, Duration(22 * kSecond), 1'204}, {62_GB, 62_GB, Duration(11 * kSecond), 2'000},
             {90_GB, 90_GB, Duration(3 * kSecond), 2'400},  {120_GB, 120_GB, Duration(4 * kSecond), 4'000},
             {4_GB, 4_GB, Duration(6 * kSecond), 330},      {48_GB, 53_GB, Duration(30 * kSecond), 900}};
}

void add_series(RunResult& run) {
  for (std::int64_t s = 0; s <= 48; ++s) {
    SeriesPoint p;
    p.at = Time(s * kSecond);
    p.running = s < 45 ? 48 : 5, p.waiting = s % 5, p.loading = s % 2;
    p.resident = {17'000, 600 * s, 180 * s};
    p.hbm_referenced = 300 * s;
    run.outcome.series.push_back(p);
  }
}

RunResult full_run(const std::string& name, double scale) {
  RunResult run = empty_run();
  run.name = name;
  RunContext& c = run.context;
  c.ranks = 2;
  c.tiers = {{"hbm", 93_GB, 5_MB, "vllm", "", ""},
             {"dram", Bytes(std::int64_t{1} << 40), 5_MB, "lru", "always", "through"},
             {"ssd", Bytes(std::int64_t{4} << 40), 5_MB, "fifo", "second_touch", "back"}};
  c.link_names = {"pcie0 h2d", "pcie0 d2h",  "pcie1 h2d", "pcie1 d2h",
                  "dram read", "dram write", "ssd read",  "ssd write"};
  c.link_bandwidths.assign(8, 55_GBps);
  c.power_and_price = {Watts(700), Watts(105), Watts(2'300), 4, DollarsPerHour(10)};
  add_requests(run, scale);
  add_totals(run.outcome.end);
  run.outcome.whole = run.outcome.end;
  add_series(run);
  run.outcome.hbm_capacity = {9'300, 9'300};
  run.outcome.tier_capacity = {18'600, 209'000, 838'000};
  return run;
}

}  // namespace

RunResult empty_run() {
  RunResult run;
  run.name = "run";
  run.context.replicas = 2;
  run.context.block = 16_tok;
  run.context.max_sequences = 64;
  run.context.tiers = {{"hbm", 1_GB, 1_MB, "vllm", "", ""}, {"dram", 4_GiB, 2_MB, "lru", "always", "through"}};
  run.context.link_names = {"pcie0 h2d", "pcie0 d2h"};
  run.context.link_bandwidths = {50_GBps, 50_GBps};
  run.outcome.end.at = Time(10 * kSecond);
  run.outcome.hbm_capacity = {500, 500};
  run.outcome.tier_capacity = {1000, 2000};
  return run;
}

RequestOutcome completed(std::int64_t arrival_ms, std::int64_t scheduled_ms, std::int64_t first_ms,
                         std::int64_t last_ms, std::uint32_t prompt, std::uint32_t output) {
  RequestOutcome r;
  r.arrival = Time(arrival_ms * kMs), r.scheduled = Time(scheduled_ms * kMs);
  r.first_token = Time(first_ms * kMs), r.last_token = Time(last_ms * kMs);
  r.prompt = prompt, r.output = output;
  r.status = RequestStatus::completed;
  r.admitted = true;
  r.first.fresh = r.final.fresh = prompt;
  r.wanted_blocks = prompt / 16;
  return r;
}

Result full_result() {
  Result result;
  result.scenario = "scenarios/quickstart.yaml";
  result.question = {"Does 1 TiB of host memory pay for itself for chat on one node of four H100s?",
                     "Look at: prefix reuse by tier, TTFT, and the reference runs beside them."};
  result.seed = 1;
  result.model = "llama-3.1-70b", result.machine = "h100x4", result.profile = "h100", result.provenance = "datasheet";
  result.trace_name = "chat", result.trace_format = "generated", result.trace_hash = "8f3c21d09a77be10";
  result.semantics = {"hits counted at first admission", "open loop at 1x", "window: the whole run",
                      "loads when cheaper than computing", "percentile p of n values is x[ceil(p n)]"};
  result.memory = {80_GB, 0.9, Bytes(35'300'000'000), 1_GB, 1_GB, Bytes(2'621'440), 9'300, false};
  result.run = full_run("run", 1.0);
  RequestOutcome rejected;
  rejected.arrival = Time(kSecond), rejected.prompt = 200'000, rejected.output = 10;
  rejected.status = RequestStatus::rejected, rejected.reason = RejectReason::never_fits;
  result.run.outcome.requests.push_back(rejected);
  result.run.context.limits = {2_s, 50_ms, Duration(INT64_MAX)};
  result.references = {full_run("infinite cache", 0.9), full_run("free transfers", 0.97),
                       full_run("no lower tiers", 1.6)};
  for (RequestOutcome& r : result.references[0].outcome.requests) r.first.tier[0] += 48, r.first.recomputed = 0;
  for (RequestOutcome& r : result.references[2].outcome.requests)
    r.first.recomputed += r.first.tier[1] + r.first.tier[2], r.first.tier[1] = r.first.tier[2] = 0;
  for (RunResult& r : result.references) r.context.limits = result.run.context.limits;
  result.references[2].context.tiers.resize(1);
  result.resolved_yaml = "seed: 1\n";
  return result;
}

}  // namespace tiersim::test
