// Bugs that random runs (tests/property) found once, each as small as it gets.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/random_serving.hpp"
#include "traces/trace_builder.hpp"

using namespace tiersim;
using namespace tiersim::test;

namespace {

struct Turn {
  std::int64_t arrival = 0;
  std::uint32_t prompt = 1, output = 1;
  std::vector<std::uint32_t> blocks{};  ///< of 4 tokens
  std::uint32_t previous = traces::kNoRequest;
  std::int64_t think = 0;
};

traces::Trace trace_of(const std::vector<Turn>& turns) {
  traces::TraceBuilder builder;
  std::uint32_t distinct = 0;
  for (const Turn& t : turns) {
    for (std::uint32_t b : t.blocks) {
      builder.add_block(b);
      distinct = std::max(distinct, b + 1);
    }
    const auto identified = static_cast<std::uint32_t>(4 * t.blocks.size());
    builder.add_request({t.arrival, t.prompt, t.output, identified, t.previous, t.think});
  }
  return std::move(builder).finish(4, distinct, {"", "test", ""});
}

ServingSettings with_load(LoadKind kind) {
  ServingSettings s = tiny_settings(4, 20);
  s.load.kind = kind;
  return s;
}

LowerTierSettings small_dram(std::int64_t blocks) {
  LowerTierSettings tier;
  tier.name = "dram";
  tier.block_bytes = Bytes(50'000);
  tier.capacity = tier.block_bytes * blocks;
  tier.write = WriteMode::back;
  tier.backlog = Bytes(1'000'000'000);
  return tier;
}

}  // namespace

TEST_CASE("do two turns that follow the same one both arrive?") {
  const traces::Trace trace = trace_of({{.prompt = 4, .output = 3},
                                        {.prompt = 8, .previous = 0, .think = 1000},
                                        {.prompt = 9, .previous = 0, .think = 2000}});
  const ServingOutcome out = Simulation(with_load(LoadKind::sessions), trace).run();
  CHECK(out.requests[1].arrival == out.requests[0].last_token + Duration(1000));
  CHECK(out.requests[2].arrival == out.requests[0].last_token + Duration(2000));
}

TEST_CASE("does a session's turn that comes with a later request of the trace go before it?") {
  ServingSettings settings = with_load(LoadKind::sessions);
  settings.engine.max_sequences = 1;
  std::vector<Turn> turns{{.prompt = 4, .output = 3}, {.prompt = 8, .previous = 0}, {.prompt = 5}};
  turns[2].arrival = Simulation(settings, trace_of({turns[0]})).run().requests[0].last_token.value();
  const ServingOutcome out = Simulation(settings, trace_of(turns)).run();
  REQUIRE(out.requests[1].arrival == out.requests[2].arrival);
  CHECK(out.requests[1].scheduled < out.requests[2].scheduled);
}

TEST_CASE("does making room for a load leave the blocks that it loads where they are?") {
  // The second request's blocks must go to a full tier to make room for the first one's, which come from there.
  const Turn a{.prompt = 9, .blocks = {0, 1}}, b{.arrival = 10'000'000, .prompt = 9, .blocks = {2, 3}};
  Turn again = a;
  again.arrival = 20'000'000;
  ServingSettings settings = tiny_settings(4, 3);
  settings.engine.load = LoadWhen::always;
  settings.lower.push_back(small_dram(2));
  const ServingOutcome out = Simulation(settings, trace_of({a, b, again})).run();
  CHECK(out.requests[2].first.tier[1] == 8);
  CHECK(out.whole.tiers[1].loaded_blocks == 2);
}

TEST_CASE("is a window that closes before it opens empty?") {
  ServingSettings settings = with_load(LoadKind::open);
  settings.window.warm_up_time = Duration(1'000'000'000);
  settings.window.drain_requests = 1;
  const ServingOutcome out = Simulation(settings, trace_of({{.prompt = 4, .output = 5}, {.prompt = 3}})).run();
  CHECK(out.begin.at == out.end.at);
  CHECK(out.gaps.size() <= 1);
}

TEST_CASE("does a drain longer than the run close the window at its start?") {
  ServingSettings settings = with_load(LoadKind::open);
  settings.window.drain_time = Duration(1'000'000'000);
  const ServingOutcome out = Simulation(settings, trace_of({{.prompt = 4, .output = 5}, {.prompt = 3}})).run();
  CHECK(out.begin.at == Time(0));
  CHECK(out.end.at == Time(0));
}

TEST_CASE("does the infinite cache keep what a preempted request alone can find?") {
  // Without any block that the trace identifies, there is room for the running alone but for private blocks.
  ServingSettings settings = tiny_settings(4, 6);
  settings.reference = Reference::infinite;
  settings.engine.reserve_whole_prompt = false;
  const ServingOutcome out =
      Simulation(settings, trace_of({{.prompt = 8, .output = 12}, {.prompt = 8, .output = 12}})).run();
  REQUIRE(out.whole.preemptions > 0);
  for (const RequestOutcome& r : out.requests) CHECK(r.recomputed_after_preemption <= 3 * r.preemptions);
}

TEST_CASE("do the frames that an answer took first hold its first blocks, for a policy that goes by age?") {
  ServingSettings s = tiny_settings(4, 6);
  s.hbm.eviction.name = "lru";
  s.load.kind = LoadKind::concurrency;
  const traces::Trace trace =
      trace_of({{.prompt = 4, .output = 9, .blocks = {0, 1, 2}},  // the answer grows by 1, then 2
                {.prompt = 5, .blocks = {0}},                     // touches 0
                {.prompt = 12, .blocks = {3, 4, 5}},              // needs one frame of the rest
                {.prompt = 13, .blocks = {0, 1, 2}}});
  const ServingOutcome out = Simulation(s, trace).run();
  CHECK(out.requests[3].first.tier[0] == 4);
}
