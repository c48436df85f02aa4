// What holds for every serving run, whatever is in it: it ends, nothing is lost on the way, the sums are sums, and the
// reference runs are what they claim to be.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "tests/support/random_serving.hpp"

using namespace tiersim;
using namespace tiersim::test;

namespace {

std::int64_t count(const Totals& t, MissCause cause) { return t.misses[static_cast<std::size_t>(cause)]; }

std::int64_t sum(const PromptSources& s) {
  std::int64_t tokens = std::int64_t{s.recomputed} + s.fresh;
  for (std::uint32_t t : s.tier) tokens += t;
  return tokens;
}

std::int64_t found(const PromptSources& s) { return sum(s) - s.recomputed - s.fresh; }

void check_request(const RequestOutcome& r, const ServingSettings& s) {
  REQUIRE(r.arrival >= Time(0));
  if (r.status == RequestStatus::rejected) {
    REQUIRE(r.reason == RejectReason::never_fits);
    REQUIRE((std::int64_t{r.prompt} + r.output - 1 + s.block.value() - 1) / s.block.value() > s.hbm.blocks);
    REQUIRE(r.scheduled == Time(-1));
    return;
  }
  REQUIRE(r.status == RequestStatus::completed);
  REQUIRE(r.admitted);
  REQUIRE(r.arrival <= r.scheduled);
  REQUIRE(r.scheduled < r.first_token);
  REQUIRE(r.first_token <= r.last_token);
  REQUIRE((r.first_token == r.last_token) == (r.output == 1));
  REQUIRE(r.load_wait <= r.last_token - r.arrival);
  for (const PromptSources* sources : {&r.first, &r.final}) {
    REQUIRE(sum(*sources) == r.prompt);
    REQUIRE(found(*sources) <= r.prompt);
  }
  REQUIRE(found(r.first) <= (r.prompt - 1) / s.block.value() * s.block.value());
  REQUIRE(r.first.fresh >= 1);  // at least the last token is computed, for the first time
  REQUIRE((r.preemptions > 0 || r.recomputed_after_preemption == 0));
  REQUIRE(r.replica < s.replicas);
}

void check_totals(const ServingOutcome& out, const ServingSettings& s) {
  const Totals& t = out.whole;
  std::int64_t gaps = 0, tokens = 0, misses = 0, wanted = 0;
  for (const WeightedSample& g : out.gaps) gaps += g.count;
  for (const WeightedSample& g : out.gaps) REQUIRE((g.count == 0 || g.value > 0));
  std::int64_t first_tokens = 0, last_end = 0, preemptions = 0, recomputed = 0;
  for (const RequestOutcome& r : out.requests) {
    preemptions += r.preemptions, recomputed += r.recomputed_after_preemption;
    if (r.status != RequestStatus::completed) continue;
    tokens += r.output;
    ++first_tokens;
    wanted += (r.prompt - 1) / s.block.value();
    last_end = std::max(last_end, r.last_token.value());
  }
  for (std::size_t c = 0; c < kMissCauses; ++c) misses += t.misses[c];
  REQUIRE(t.tokens_out == tokens);
  if (s.window.warm_up_requests + s.window.drain_requests == 0 && s.window.warm_up_time == Duration(0) &&
      s.window.drain_time == Duration(0))
    REQUIRE(gaps == tokens - first_tokens);
  REQUIRE(misses - count(t, MissCause::preemption) <= wanted);
  REQUIRE(t.preemptions == preemptions);
  REQUIRE(t.recomputed_tokens == recomputed);
  REQUIRE(t.lost_loads <= t.loads);
  REQUIRE(t.at.value() >= last_end);
  REQUIRE(t.stepping + t.waiting_for_loads <= (t.at - Time(0)) * s.replicas);
  REQUIRE(t.step_waits <= t.stepping);
  REQUIRE(rounded(t.busy.total()) <= t.stepping + Duration(t.steps));  // each step's time is rounded once
  for (const LinkUse& link : t.links) REQUIRE(link.busy <= t.at - Time(0));
}

void check_window(const ServingOutcome& out) {
  REQUIRE(out.begin.at <= out.end.at);
  REQUIRE(out.end.at <= out.whole.at);
  REQUIRE(out.begin.tokens_out <= out.end.tokens_out);
  REQUIRE(out.end.tokens_out <= out.whole.tokens_out);
}

void check_series(const ServingOutcome& out, const ServingSettings& s) {
  for (std::size_t i = 0; i < out.series.size(); ++i) {
    const SeriesPoint& p = out.series[i];
    REQUIRE((i == 0 || out.series[i - 1].at < p.at));
    REQUIRE(p.running <= s.engine.max_sequences * s.replicas);
    REQUIRE(p.hbm_referenced <= s.hbm.blocks * s.replicas);
    for (std::size_t t = 1; t < out.tier_capacity.size(); ++t) REQUIRE(p.resident[t] <= out.tier_capacity[t]);
    if (s.reference != Reference::infinite) REQUIRE(p.resident[0] <= out.tier_capacity[0]);
  }
  REQUIRE(out.series.back().running + out.series.back().waiting + out.series.back().loading == 0);
}

TraceShape random_shape(Rng& rng, std::int64_t most_requests) {
  TraceShape shape;
  shape.block = between(rng, 1, 16);
  shape.requests = between(rng, 1, most_requests);
  shape.most_prompt = between(rng, 2, 12) * shape.block;
  shape.most_output = between(rng, 1, 40);
  shape.mean_gap = chance(rng, 0.1) ? 1 : between(rng, 10'000, 2'000'000);
  shape.identified = chance(rng, 0.9);
  return shape;
}

void hold_invariants(std::uint64_t first_seed, std::uint64_t runs, std::int64_t most_requests) {
  for (std::uint64_t seed = first_seed; seed < first_seed + runs; ++seed) {
    Rng rng(seed);
    const TraceShape shape = random_shape(rng, most_requests);
    const ServingSettings settings = random_settings(rng, shape);
    const traces::Trace trace = random_trace(rng, shape);
    INFO("seed ", seed, ": ", describe(settings));
    const ServingOutcome out = Simulation(settings, trace).run();
    REQUIRE(out.finished);
    for (const RequestOutcome& r : out.requests) check_request(r, settings);
    check_totals(out, settings);
    check_window(out);
    check_series(out, settings);
  }
}

/// Runs random workloads under one reference's settings and hands each outcome to `check`.
template <class Check>
void with_reference(Reference reference, std::uint64_t runs, Check check) {
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    Rng rng(seed);
    const TraceShape shape = random_shape(rng, 40);
    ServingSettings settings = random_settings(rng, shape);
    settings.reference = reference;
    const traces::Trace trace = random_trace(rng, shape);
    INFO("seed ", seed, ": ", describe(settings));
    check(settings, trace, Simulation(settings, trace).run());
  }
}

}  // namespace

TEST_CASE("does every random run end, conserve what it moves and account for every token?") {
  hold_invariants(1, 1500, 40);
}

TEST_CASE("does the infinite cache find every block that its replica has computed before?") {
  std::int64_t hits = 0;
  with_reference(Reference::infinite, 500,
                 [&](const ServingSettings& s, const traces::Trace& trace, const ServingOutcome& with_tiers) {
                   ServingSettings alone = s;
                   alone.lower.clear(), alone.feeds.clear();
                   const ServingOutcome out = Simulation(alone, trace).run();
                   REQUIRE(count(out.whole, MissCause::capacity) == 0);
                   REQUIRE(out.whole.evicted[0] == 0);
                   REQUIRE(with_tiers.whole.evicted[0] == 0);
                   for (const RequestOutcome& r : out.requests) {
                     hits += found(r.first);
                     // What a preemption costs is the block that was not full.
                     REQUIRE(r.recomputed_after_preemption <= r.preemptions * (s.block.value() - 1));
                   }
                 });
  CHECK(hits > 0);
}

TEST_CASE("does nobody wait for a transfer when transfers are free?") {
  std::int64_t loads = 0;
  with_reference(Reference::free_transfers, 500,
                 [&](const ServingSettings&, const traces::Trace&, const ServingOutcome& out) {
                   REQUIRE(out.whole.step_waits == Duration(0));
                   REQUIRE(out.whole.waiting_for_loads == Duration(0));
                   REQUIRE(out.whole.load_wait == Duration(0));
                   REQUIRE(out.whole.declined_loads == 0);
                   for (const RequestOutcome& r : out.requests) REQUIRE(r.load_wait == Duration(0));
                   for (const TierUse& tier : out.whole.tiers) loads += tier.loads;
                 });
  CHECK(loads > 0);
}

TEST_CASE("is the reference without lower tiers the run that has none?") {
  with_reference(Reference::no_lower_tiers, 300,
                 [](const ServingSettings& s, const traces::Trace& trace, const ServingOutcome& out) {
                   ServingSettings none = s;
                   none.reference = Reference::none;
                   none.lower.clear(), none.feeds.clear();
                   const std::string found = difference(out, Simulation(none, trace).run());
                   REQUIRE_MESSAGE(found.empty(), found);
                 });
}

TEST_SUITE("slow") {
  TEST_CASE("does every larger random run end, conserve what it moves and account for every token?") {
    hold_invariants(1'000'000, 4'000, 600);
  }
}
