// Each metric on a small outcome, with its value worked out by hand.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "sim/report/metrics.hpp"
#include "tests/support/report_samples.hpp"

using namespace tiersim;
using namespace tiersim::test;
using namespace tiersim::literals;

namespace {

/// Two requests: 100 ms and 300 ms to the first token; 4 gaps in 200 ms, and a single token.
RunResult two_requests() {
  RunResult run = empty_run();
  run.outcome.requests = {completed(0, 40, 100, 300, 64, 5), completed(1000, 1010, 1300, 1300, 160, 1)};
  run.outcome.requests[1].load_wait = 10_ms;
  return run;
}

double value(const RunResult& run, const std::string& name) {
  const auto v = compute_metrics(run)[name];
  REQUIRE(v.has_value());
  return *v;
}

bool absent(const RunResult& run, const std::string& name) { return !compute_metrics(run)[name].has_value(); }

bool matches(const std::string& definition, const std::string& name) {
  const std::size_t open = definition.find('<'), close = definition.find('>');
  if (open == std::string::npos) return definition == name;
  const std::string head = definition.substr(0, open), tail = definition.substr(close + 1);
  return name.size() > head.size() + tail.size() && name.starts_with(head) && name.ends_with(tail);
}

}  // namespace

TEST_CASE("does every metric have exactly one definition, with its unit and a meaning?") {
  const auto definitions = metric_definitions();
  for (const Metric& m : compute_metrics(two_requests()).all) {
    INFO(m.name);
    const auto of_it = [&](const MetricDefinition& d) { return matches(d.name, m.name) && d.unit == m.unit; };
    CHECK(std::count_if(definitions.begin(), definitions.end(), of_it) == 1);
  }
  for (const MetricDefinition& d : definitions) {
    INFO(d.name);
    CHECK(d.meaning.ends_with("."));
  }
}

TEST_CASE("does every definition lead to a metric?") {
  const Metrics metrics = compute_metrics(two_requests());
  for (const MetricDefinition& d : metric_definitions()) {
    INFO(d.name);
    CHECK(
        std::any_of(metrics.all.begin(), metrics.all.end(), [&](const Metric& m) { return matches(d.name, m.name); }));
  }
}

TEST_CASE("are latencies taken from arrival, admission, first and last token?") {
  const RunResult run = two_requests();
  CHECK(value(run, "ttft.mean") == 0.2);
  CHECK(value(run, "ttft.p50") == 0.1);
  CHECK(value(run, "ttft.p99") == 0.3);
  CHECK(value(run, "end_to_end.mean") == 0.3);
  CHECK(value(run, "queueing.mean") == 0.02);  // 40 ms, and 10 ms that were all loading
  CHECK(value(run, "load_wait.mean") == 0.005);
}

TEST_CASE("does TPOT leave out requests of one token?") {
  RunResult run = two_requests();
  CHECK(value(run, "tpot.mean") == 0.05);
  run.outcome.requests.erase(run.outcome.requests.begin());
  CHECK(absent(run, "tpot.mean"));
}

TEST_CASE("is ITL over every gap, as often as it occurred?") {
  RunResult run = two_requests();
  run.outcome.gaps = {{20'000'000, 3}, {0, 0}, {60'000'000, 1}};
  CHECK(value(run, "itl.mean") == 0.03);
  CHECK(value(run, "itl.p50") == 0.02);
  CHECK(value(run, "itl.p99") == 0.06);
}

TEST_CASE("do requests outside the window take no part in latencies?") {
  RunResult run = two_requests();
  run.outcome.requests[1].measured = false;
  CHECK(value(run, "requests.measured") == 1);
  CHECK(value(run, "ttft.mean") == 0.1);
  CHECK(value(run, "prompt_tokens.admitted") == 64);
}

TEST_CASE("do rejected requests count by reason and take no part in latencies?") {
  RunResult run = two_requests();
  for (const RejectReason reason :
       {RejectReason::never_fits, RejectReason::never_fits, RejectReason::context_too_long}) {
    RequestOutcome r;
    r.arrival = Time(5), r.status = RequestStatus::rejected, r.reason = reason;
    run.outcome.requests.push_back(r);
  }
  CHECK(value(run, "requests.rejected") == 3);
  CHECK(value(run, "requests.rejected.never_fits") == 2);
  CHECK(value(run, "requests.rejected.context_too_long") == 1);
  CHECK(value(run, "requests.completed") == 2);
  CHECK(value(run, "requests.unfinished") == 0);
  CHECK(value(run, "ttft.mean") == 0.2);
}

TEST_CASE("is throughput what happened inside the window, over its length?") {
  RunResult run = two_requests();
  run.outcome.begin.at = Time(500'000'000), run.outcome.end.at = Time(4'500'000'000);  // only the second ends in it
  run.outcome.begin.tokens_out = 5, run.outcome.end.tokens_out = 25;
  run.outcome.begin.tokens_prefilled = 64, run.outcome.end.tokens_prefilled = 264;
  CHECK(value(run, "throughput.input") == 40);
  CHECK(value(run, "throughput.output") == 5);
  CHECK(value(run, "throughput.prefilled") == 50);
  CHECK(value(run, "throughput.requests") == 0.25);
}

TEST_CASE("does goodput count requests that met every limit?") {
  RunResult run = two_requests();
  CHECK(absent(run, "goodput.requests"));
  run.context.limits.ttft = 100_ms;  // a limit is met when it is not exceeded
  CHECK(value(run, "goodput.requests") == 0.1);
  CHECK(value(run, "goodput.share") == 0.5);
  run.context.limits.tpot = 49_ms;
  CHECK(value(run, "goodput.requests") == 0);
  run.context.limits = {Duration(INT64_MAX), 49_ms, Duration(INT64_MAX)};  // one token alone has no TPOT to miss
  CHECK(value(run, "goodput.share") == 0.5);
}

TEST_CASE("are prompt tokens by source those of the first and the last admission, and do they sum exactly?") {
  RunResult run = two_requests();
  RequestOutcome& r = run.outcome.requests[1];
  r.first.tier = {32, 64}, r.first.recomputed = 16, r.first.fresh = 48;
  r.final.tier = {96, 0}, r.final.recomputed = 40, r.final.fresh = 24;
  CHECK(value(run, "prompt_tokens.admitted") == 224);
  CHECK(value(run, "prompt_tokens.found") == 96);
  CHECK(value(run, "prompt_tokens.found") + value(run, "prompt_tokens.recomputed") + value(run, "prompt_tokens.new") ==
        224);
  CHECK(value(run, "prompt_tokens.found_final") + value(run, "prompt_tokens.recomputed_final") +
            value(run, "prompt_tokens.new_final") ==
        224);
  CHECK(value(run, "tier.hbm.hit_tokens") == 32);
  CHECK(value(run, "tier.dram.hit_tokens") == 64);
  CHECK(value(run, "tier.hbm.hit_tokens_final") == 96);
  CHECK(value(run, "hit_rate.tokens") == 96.0 / 224);
  CHECK(value(run, "hit_rate.blocks") == 6.0 / 14);  // of 4 + 10 full blocks
  CHECK(value(run, "tier.dram.hit_rate_blocks") == 4.0 / 14);
}

TEST_CASE("are totals the difference between the window's end and its begin?") {
  RunResult run = two_requests();
  Totals &a = run.outcome.begin, &b = run.outcome.end;
  a.misses = {1, 2, 3, 4, 5}, b.misses = {11, 22, 33, 44, 55};
  a.loads = 1, b.loads = 5, a.lost_loads = 1, b.lost_loads = 3, b.declined_loads = 2;
  a.load_wait = 1_s, b.load_wait = 3_s, b.load_saved = 7_s, b.lost_time = 1_s;
  a.tiers[1].loaded_blocks = 10, b.tiers[1].loaded_blocks = 30, b.tiers[1].refused_blocks = 4;
  b.evicted = {8, 9};
  a.preemptions = 2, b.preemptions = 3, b.recomputed_tokens = 100, b.steps = 12;
  CHECK(value(run, "misses.compulsory") == 10);
  CHECK(value(run, "misses.capacity") == 30);
  CHECK(value(run, "misses.preemption") == 50);
  CHECK(value(run, "loads.finished") == 4);
  CHECK(value(run, "loads.lost") == 2);
  CHECK(value(run, "loads.declined") == 2);
  CHECK(value(run, "loads.time_waited") == 2);
  CHECK(value(run, "loads.time_saved") == 7);
  CHECK(value(run, "loads.time_lost") == 1);
  CHECK(value(run, "tier.dram.loaded_bytes") == 20e6 * 2);  // 2 MB a block
  CHECK(value(run, "tier.dram.refused_blocks") == 4);
  CHECK(value(run, "tier.dram.evicted_blocks") == 9);
  CHECK(absent(run, "tier.hbm.loads"));
  CHECK(value(run, "preemptions") == 1);
  CHECK(value(run, "recomputed_tokens") == 100);
  CHECK(value(run, "steps") == 12);
}

TEST_CASE("is a link's utilisation its busy time, and its bandwidth share its bytes, of the window?") {
  RunResult run = empty_run();
  run.outcome.begin.links = {{10_GB, 12_GB, 1_s, 2}, {}};
  run.outcome.end.links = {{110_GB, 242_GB, 6_s, 5}, {}};
  CHECK(value(run, "link.pcie0_h2d.bytes") == 100e9);
  CHECK(value(run, "link.pcie0_h2d.device_bytes") == 230e9);
  CHECK(value(run, "link.pcie0_h2d.flows") == 3);
  CHECK(value(run, "link.pcie0_h2d.utilisation") == 0.5);
  CHECK(value(run, "link.pcie0_h2d.bandwidth_share") == 0.2);
  CHECK(value(run, "link.pcie0_d2h.bytes") == 0);
}

TEST_CASE("do the shares of GPU time sum to replicas times window?") {
  RunResult run = empty_run();  // 2 replicas x 10 s
  Totals& t = run.outcome.end;
  t.busy = {Seconds(5), Seconds(3), Seconds(1), Seconds(1)};
  t.stepping = 12_s, t.step_waits = 2_s, t.waiting_for_loads = 3_s;
  CHECK(value(run, "gpu.compute") == 0.25);
  CHECK(value(run, "gpu.bandwidth") == 0.15);
  CHECK(value(run, "gpu.communication") == 0.05);
  CHECK(value(run, "gpu.overhead") == 0.05);
  CHECK(value(run, "gpu.waiting_for_loads") == 0.25);
  CHECK(value(run, "gpu.idle") == 0.25);
}

TEST_CASE("is energy the limit of computing GPUs, the idle power of the others, and the rest of the machine?") {
  RunResult run = empty_run();  // 2 replicas x 10 s
  run.context.ranks = 2;
  run.context.power_and_price = {.gpu = Watts(500), .gpu_idle = Watts(100), .machine = Watts(1000), .gpus = 8};
  run.outcome.end.busy = {Seconds(5), Seconds(3), Seconds(1), Seconds(1)};  // 10 s of 20, on 2 ranks: 20 GPU seconds
  run.outcome.end.tokens_out = 2'600;
  CHECK(value(run, "energy.gpus") == 16'000);   // 20 s x 500 W and 60 s x 100 W
  CHECK(value(run, "energy.total") == 26'000);  // and 10 s x 1 kW
  CHECK(value(run, "energy.power") == 2'600);
  CHECK(value(run, "energy.tokens_per_joule") == 0.1);
  CHECK(absent(run, "cost.total"));
}

TEST_CASE("does one stage of a pipeline compute at a time?") {
  RunResult run = empty_run();
  run.context.ranks = 4, run.context.stages = 2;
  run.context.power_and_price = {.gpu = Watts(500), .gpu_idle = Watts(100), .machine = {}, .gpus = 8};
  run.outcome.end.busy = {Seconds(5), Seconds(3), Seconds(1), Seconds(1)};
  CHECK(value(run, "energy.gpus") == 16'000);  // 2 GPUs at once, for 10 s: as on 2 ranks
}

TEST_CASE("do steps that straddle the window's edge draw no more than all GPUs can?") {
  RunResult run = empty_run();
  run.context.power_and_price = {.gpu = Watts(500), .gpu_idle = Watts(100), .machine = {}, .gpus = 2};
  run.outcome.end.busy.compute = Seconds(21);  // of 20
  CHECK(value(run, "energy.gpus") == 10'000);
}

TEST_CASE("is cost the machine's price times the window?") {
  RunResult run = empty_run();
  run.context.power_and_price.price = DollarsPerHour(36);  // a cent a second
  run.outcome.end.tokens_out = 500;
  CHECK(value(run, "cost.total") == doctest::Approx(0.1));
  CHECK(value(run, "cost.tokens_per_dollar") == doctest::Approx(5'000));
  CHECK(absent(run, "energy.total"));
}

TEST_CASE("is occupancy the mean and the peak of the samples inside the window?") {
  RunResult run = empty_run();  // 1000 frames over the replicas
  const auto sample = [](std::int64_t at_s, std::int64_t used, std::int64_t in_dram, std::int64_t waiting) {
    SeriesPoint p;
    p.at = Time(at_s * 1'000'000'000), p.hbm_referenced = used, p.resident = {0, in_dram}, p.waiting = waiting;
    return p;
  };
  run.outcome.series = {sample(1, 100, 0, 2), sample(2, 300, 1000, 4), sample(11, 900, 2000, 50)};
  CHECK(value(run, "kv.occupancy.mean") == 0.2);
  CHECK(value(run, "kv.occupancy.peak") == 0.3);
  CHECK(value(run, "tier.dram.filled.mean") == 0.25);
  CHECK(value(run, "tier.dram.filled.peak") == 0.5);
  CHECK(value(run, "waiting.mean") == 3);
  CHECK(value(run, "waiting.peak") == 4);
}

TEST_CASE("are figures of an empty window absent rather than wrong?") {
  RunResult run = empty_run();
  run.outcome.end.at = run.outcome.begin.at;
  for (const char* name : {"throughput.output", "gpu.idle", "link.pcie0_h2d.utilisation", "ttft.mean",
                           "hit_rate.tokens", "kv.occupancy.mean"}) {
    INFO(name);
    CHECK(absent(run, name));
  }
}
