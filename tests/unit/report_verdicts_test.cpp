// Verdicts: whether the load was borne, and what limits each tier.
#include <doctest/doctest.h>

#include "sim/report/verdicts.hpp"
#include "tests/support/report_samples.hpp"

using namespace tiersim;
using namespace tiersim::test;
using namespace tiersim::literals;

namespace {

/// A request every 10 ms for 4 s; the i-th enters the batch `wait_ms(i)` after it arrived and ends with it.
template <class Wait>
RunResult with_waits(Wait wait_ms) {
  RunResult run = empty_run();
  run.context.max_sequences = 8;
  for (std::int64_t i = 0; i < 400; ++i) {
    const std::int64_t at = 10 * i, served = at + wait_ms(i);
    run.outcome.requests.push_back(completed(at, served, served, served, 160, 1));
  }
  return run;
}

TierVerdict verdict(const RunResult& run, std::size_t tier) { return tier_verdicts(run, compute_metrics(run))[tier]; }

/// 1,000 wanted blocks: 400 in HBM, 200 in DRAM, 400 missed for `cause`.
RunResult with_misses(MissCause cause) {
  RunResult run = empty_run();
  RequestOutcome r = completed(0, 0, 1, 1, 16'000, 1);
  r.first.tier = {6'400, 3'200}, r.first.fresh = 6'400;
  run.outcome.requests = {r};
  run.outcome.end.misses[static_cast<std::size_t>(cause)] = 400;
  return run;
}

}  // namespace

TEST_CASE("is a queue that does not grow stable?") {
  CHECK(stability_of(with_waits([](std::int64_t) { return 30; })).state == Stability::stable);
}

TEST_CASE("is a queue that grows as long as requests arrive overloaded?") {
  const StabilityVerdict v = stability_of(with_waits([](std::int64_t i) { return 5 * i; }));  // served at 2/3 the rate
  CHECK(v.state == Stability::overloaded);
  CHECK(v.queue[0] < v.queue[3]);
  CHECK(v.borne == doctest::Approx(2.0 / 3).epsilon(0.01));
  CHECK(v.text.find("percentiles measure the backlog") != std::string::npos);
}

TEST_CASE("is a queue that grows slowly backlogged?") {
  // Served at 95% of the rate: 20 of 400 wait at the end, a twentieth of the span to clear.
  const auto run = with_waits([](std::int64_t i) { return i / 2; });
  CHECK(stability_of(run).state == Stability::backlogged);
}

TEST_CASE("is a queue that peaks and falls again backlogged?") {
  // A request a second for an hour; the wait rises to nine minutes halfway and falls again.
  RunResult run = empty_run();
  run.outcome.end.at = Time(4'000'000'000'000);
  for (std::int64_t i = 0; i < 3'600; ++i) {
    const std::int64_t at = 1'000 * i, wait = 300 * std::min(i, 3'600 - i), served = at + wait;
    run.outcome.requests.push_back(completed(at, served, served, served, 160, 1));
  }
  const StabilityVerdict v = stability_of(run);
  CHECK(v.state == Stability::backlogged);
  CHECK(v.queue[1] > v.queue[0]);
  CHECK(v.queue[3] < v.queue[2]);
  CHECK(v.text.starts_with("backlogged: the queue peaked at "));
}

TEST_CASE("is a short burst under a light load stable?") {
  // 60 of the 400 requests wait for 100 ms more: a queue of ten for a moment.
  CHECK(stability_of(with_waits([](std::int64_t i) { return i >= 200 && i < 260 ? 130 : 30; })).state ==
        Stability::stable);
}

TEST_CASE("is the queue of a closed loop left alone?") {
  auto run = with_waits([](std::int64_t i) { return 5 * i; });
  run.context.closed_loop = true;
  const StabilityVerdict v = stability_of(run);
  CHECK(v.state == Stability::unknown);
  CHECK(v.text == "closed loop: the load adapts to the system, so no queue can grow");
}

TEST_CASE("does what drains after the last arrival not count as relief?") {
  auto run = with_waits([](std::int64_t i) { return 5 * i; });
  run.outcome.end.at = Time(3'600'000'000'000);
  CHECK(stability_of(run).state == Stability::overloaded);
}

TEST_CASE("are too few arrivals no ground for a verdict?") {
  RunResult run = empty_run();
  run.outcome.requests = {completed(0, 1, 2, 3, 16, 2)};
  CHECK(stability_of(run).state == Stability::unknown);
  CHECK(stability_of(empty_run()).state == Stability::unknown);
}

TEST_CASE("is a tier that dropped what was asked for again limited by capacity?") {
  const TierVerdict v = verdict(with_misses(MissCause::capacity), 1);
  CHECK(v.limit == TierLimit::capacity);
  CHECK(v.figure == "100% of its misses had been evicted");
  CHECK(v.advice == "try hierarchy.dram.capacity: 8 GiB");
}

TEST_CASE("does advice stay within what the machine has?") {
  RunResult run = with_misses(MissCause::capacity);  // 4 GiB
  run.context.tiers[1].machine_capacity = 6_GiB;
  CHECK(verdict(run, 1).advice == "try hierarchy.dram.capacity: 6 GiB");
  run.context.tiers[1].machine_capacity = 4_GiB;
  CHECK(verdict(run, 1).advice == "try a machine with more dram");
}

TEST_CASE("are misses that a larger tier would have found told apart?") {
  const TierVerdict v = verdict(with_misses(MissCause::capacity), 0);
  CHECK(v.figure == "33% of its misses are found below, 67% had been evicted");
}

TEST_CASE("are few misses counted?") {
  RunResult run = with_misses(MissCause::passed_over);
  run.outcome.end.misses[static_cast<std::size_t>(MissCause::passed_over)] = 38;
  CHECK(verdict(run, 1).figure == "it missed 38 of 638 blocks");
}

TEST_CASE("do hits further down count as misses of the tier above?") {
  const TierVerdict v = verdict(with_misses(MissCause::compulsory), 0);
  CHECK(v.limit == TierLimit::capacity);
  CHECK(v.figure == "33% of its misses are found below");  // 200 of 600
  CHECK(v.advice.empty());
}

TEST_CASE("is a tier whose misses are new content not a limit?") {
  CHECK(verdict(with_misses(MissCause::compulsory), 1).limit == TierLimit::nothing);
}

TEST_CASE("is a tier limited by compute when GPUs are busy and requests queue?") {
  RunResult run = with_misses(MissCause::compulsory);
  run.outcome.end.busy = {Seconds(15), Seconds(4), Seconds(0), Seconds(0)};
  CHECK(verdict(run, 1).limit == TierLimit::nothing);
  SeriesPoint p;
  p.waiting = 9;
  run.outcome.series = {p};
  CHECK(verdict(run, 1).limit == TierLimit::compute);
}

TEST_CASE("is a tier whose loads are lost limited by bandwidth?") {
  RunResult run = with_misses(MissCause::capacity);
  run.outcome.end.tiers[1].loads = 10;
  run.outcome.end.tiers[1].loaded_blocks = 400;  // 640 tokens a load
  run.outcome.end.tier_lost_loads[1] = 4;
  const TierVerdict v = verdict(run, 1);
  CHECK(v.limit == TierLimit::bandwidth);
  CHECK(v.figure == "40% of its loads took longer than computing would have");
  CHECK(v.advice == "try hierarchy.dram.min_tokens: 512");
}

TEST_CASE("is a tier behind a busy link limited by bandwidth?") {
  RunResult run = with_misses(MissCause::capacity);
  run.outcome.end.links = {{1_GB, 1_GB, 9_s, 3}, {}};
  const TierVerdict v = verdict(run, 1);
  CHECK(v.limit == TierLimit::bandwidth);
  CHECK(v.figure == "pcie h2d is busy 90% of the window");
  CHECK(verdict(run, 0).limit == TierLimit::capacity);
}

TEST_CASE("is a tier that turned away what was asked for again limited by policy, or by its writes?") {
  RunResult run = with_misses(MissCause::admission);
  run.outcome.end.tiers[1].refused_blocks = 700;
  CHECK(verdict(run, 1).limit == TierLimit::bandwidth);
  run.context.tiers[1].admission = "second_touch";
  CHECK(verdict(run, 1).limit == TierLimit::policy);
  CHECK(verdict(run, 1).advice == "try hierarchy.dram.admission: always");
}

TEST_CASE("is HBM limited by policy when another replica had the blocks?") {
  RunResult run = with_misses(MissCause::elsewhere);
  run.context.tiers.resize(1);
  CHECK(verdict(run, 0).limit == TierLimit::policy);
}

TEST_CASE("do warnings say what to do next?") {
  const Result result = full_result();
  const Metrics metrics = compute_metrics(result.run);
  const auto warnings = warnings_of(result.run, metrics, stability_of(result.run));
  REQUIRE(warnings.size() == 2);
  CHECK(warnings[0].starts_with("1 request rejected"));
  CHECK(warnings[1].find("try hierarchy.ssd.min_tokens: ") != std::string::npos);
}

TEST_CASE("is a run that was stopped marked?") {
  RunResult run = with_misses(MissCause::compulsory);
  run.outcome.finished = false;
  const auto warnings = warnings_of(run, compute_metrics(run), stability_of(run));
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].starts_with("stopped before"));
}

TEST_CASE("does a run without a request to judge say only that?") {
  const auto only_warning = [](const RunResult& run) {
    const Metrics metrics = compute_metrics(run);
    CHECK(tier_verdicts(run, metrics).empty());
    CHECK(stability_of(run).text.empty());
    const auto warnings = warnings_of(run, metrics, stability_of(run));
    REQUIRE(warnings.size() == 1);
    return warnings[0];
  };
  RunResult run = empty_run();
  CHECK(only_warning(run) == "no request was measured: the trace has none");
  RequestOutcome r;
  r.arrival = Time(20'000'000'000), r.measured = false;
  run.outcome.requests = {r};
  CHECK(only_warning(run) == "no request was measured: none of 1 arrived inside the window, from 0 s to 10.0 s");
  r.arrival = Time(0), r.measured = true;
  r.status = RequestStatus::rejected, r.reason = RejectReason::context_too_long;
  run.outcome.requests = {r, r};
  CHECK(only_warning(run) ==
        "all 2 requests were rejected: 0 can never fit a replica's KV blocks, 2 exceed serving.max_context");
}
