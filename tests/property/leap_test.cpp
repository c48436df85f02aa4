// Leaps are only a faster way to take steps: with and without them a run leaves the same behind, to the nanosecond.
#include <doctest/doctest.h>

#include "tests/support/random_serving.hpp"

using namespace tiersim;
using namespace tiersim::test;

namespace {

TraceShape random_shape(Rng& rng) {
  TraceShape shape;
  shape.block = between(rng, 1, 3) * between(rng, 1, 4);
  shape.requests = between(rng, 5, 40);
  shape.most_prompt = between(rng, 2, 15) * shape.block + 3;
  shape.most_output = chance(rng, 0.5) ? between(rng, 2, 20) : between(rng, 20, 80);
  shape.mean_gap = chance(rng, 0.5) ? between(rng, 10'000, 300'000) : between(rng, 300'000, 5'000'000);
  shape.identified = chance(rng, 0.9);
  return shape;
}

/// How much of the runs was leapt over, and what else they met.
struct Met {
  std::int64_t steps = 0, leapt = 0, preemptions = 0, loads = 0, lost_loads = 0, declined = 0, write_backs = 0,
               refused = 0, waits = 0;
  void add(const Totals& t) {
    steps += t.steps, leapt += t.leapt_steps, preemptions += t.preemptions;
    loads += t.loads, lost_loads += t.lost_loads, declined += t.declined_loads;
    waits += t.step_waits > Duration(0);
    for (const TierUse& use : t.tiers) write_backs += use.write_backs, refused += use.refused_blocks;
  }
};

/// Flash behind the drive, its write cache of a few blocks: it fills and drains in most runs.
void add_flash(ServingSettings& settings) {
  hw::LinkSpec& drive = settings.machine.storage.at(1).link;
  drive.media.page = Bytes(4096);
  drive.media.array = drive.bandwidth;
  drive.media.program = drive.bandwidth_down * 0.5;
  drive.media.write_amplification = 2;
  drive.media.cache = Bytes(300'000);
  for (LowerTierSettings& tier : settings.lower) tier.fragments = 4;
}

void leave_as_drawn(ServingSettings&) {}

void hold_leaps_against_steps(std::uint64_t first_seed, std::uint64_t count,
                              void (*change)(ServingSettings&) = leave_as_drawn) {
  Met met;
  for (std::uint64_t seed = first_seed; seed < first_seed + count; ++seed) {
    Rng rng(seed);
    const TraceShape shape = random_shape(rng);
    ServingSettings settings = random_settings(rng, shape);
    change(settings);
    const traces::Trace trace = random_trace(rng, shape);
    INFO("seed ", seed, ": ", describe(settings));
    const ServingOutcome leaping = Simulation(settings, trace).run();
    settings.engine.leaps = false;
    const ServingOutcome stepping = Simulation(settings, trace).run();
    met.add(leaping.whole);
    const std::string found = difference(leaping, stepping);
    REQUIRE_MESSAGE(found.empty(), found);
    REQUIRE(stepping.whole.leapt_steps == 0);
  }
  MESSAGE("steps ", met.steps, ", leapt ", met.leapt, ", preemptions ", met.preemptions, ", loads ", met.loads,
          ", lost ", met.lost_loads, ", declined ", met.declined, ", write-backs ", met.write_backs, ", refused ",
          met.refused, ", with waits ", met.waits);
  CHECK(met.leapt > met.steps / 10);
  CHECK(met.preemptions > 0);
  CHECK(met.loads > 0);
  CHECK(met.lost_loads > 0);
  CHECK(met.declined > 0);
  CHECK(met.write_backs > 0);
  CHECK(met.refused > 0);
  CHECK(met.waits > 0);
}

}  // namespace

TEST_CASE("is a run with leaps the same as step by step?") { hold_leaps_against_steps(1, 1500); }

TEST_CASE("is a run the same when it is watched?") {
  struct Watcher final : Observer {
    void on_step(const StepRecord& step) override { REQUIRE(step.begin < step.end); }
    void on_request(RequestEvent, RequestId, ReplicaId, Tokens, Time) override {}
  };
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Rng rng(seed);
    const TraceShape shape = random_shape(rng);
    const ServingSettings settings = random_settings(rng, shape);
    const traces::Trace trace = random_trace(rng, shape);
    INFO("seed ", seed, ": ", describe(settings));
    Watcher watcher;
    SimulationHooks hooks;
    hooks.observer = &watcher;
    const std::string found = difference(Simulation(settings, trace).run(), Simulation(settings, trace, hooks).run());
    REQUIRE_MESSAGE(found.empty(), found);
  }
}

TEST_CASE("does a request that is preempted alone get the frames of loaded ones behind it?") {
  for (const std::uint64_t seed : {1'010'138u, 1'021'911u}) {  // it went round for ever in these
    Rng rng(seed);
    const TraceShape shape = random_shape(rng);
    const ServingSettings settings = random_settings(rng, shape);
    CHECK(Simulation(settings, random_trace(rng, shape)).run().finished);
  }
}

TEST_SUITE("slow") {
  TEST_CASE("is a run with leaps the same as step by step, very many times?") {
    hold_leaps_against_steps(1'000'000, 50'000);
  }
}

TEST_CASE("do leaps equal step by step where a drive's write cache fills and drains?") {
  hold_leaps_against_steps(1, 400, add_flash);
}
