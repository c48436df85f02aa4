// The offload engine without computing against the simulator: the same hits, moves and evictions, request by request.
#include <doctest/doctest.h>

#include "calib/offload/engine.hpp"
#include "tests/support/memory_drive.hpp"
#include "tests/support/no_compute.hpp"
#include "tests/support/random_serving.hpp"
#include "tests/support/small_system.hpp"

using namespace tiersim;
using namespace tiersim::calib;
using namespace tiersim::test;

namespace {

constexpr DecoderShape kShape{.layers = 1,
                              .hidden = 1,
                              .query_heads = 1,
                              .kv_heads = 1,
                              .head_dim = 1,
                              .intermediate = 1,
                              .vocabulary = 7,
                              .block = 4};

struct Case {
  traces::Trace trace;
  std::string eviction;
  std::int64_t frames = 0, drive_frames = 0, budget = 0;
};

/// Steps that outlast every transfer, loads that end before the writes beside them: as MemoryDrive does it.
ServingSettings simulated(const Case& c) {
  ServingSettings s = tests::metronome_settings(Duration(1'000'000'000), c.frames);
  for (hw::LinkSpec* link : {&s.machine.gpu_link, &s.machine.storage[1].link})
    *link = tests::plain_link(1e3, hw::Sharing::fair);
  s.machine.storage[1].link.bandwidth_down = BytesPerSecond(1e9);
  s.block = Tokens(kShape.block);
  s.hbm.eviction.name = c.eviction;
  s.engine.max_batched_tokens = Tokens(c.budget);
  s.engine.max_sequences = 1;
  s.load.kind = LoadKind::concurrency;
  s.sample_every = Duration(0);
  if (c.drive_frames > 0) s.lower.push_back(tests::small_tier("ssd", 1, c.drive_frames));
  return s;
}

OffloadRun served(const Case& c) {
  const Workload workload(c.trace, Tokens(kShape.block));
  std::vector<std::byte> memory(static_cast<std::size_t>(c.frames * kShape.frame_bytes()));
  MemoryDrive drive(std::max<std::int64_t>(1, c.drive_frames) * kShape.frame_bytes(), 1000);
  NoCompute compute;
  OffloadEngineSetup setup{.shape = kShape,
                           .frames = c.frames,
                           .eviction = c.eviction,
                           .max_batched_tokens = c.budget,
                           .memory = memory,
                           .drive = {}};
  if (c.drive_frames > 0) setup.drive = {&drive, -1, c.drive_frames};
  return serve(setup, workload, compute);
}

void compare(const Case& c) {
  std::int64_t written = 0;
  const OffloadRun real = served(c);
  const ServingOutcome predicted = Simulation(simulated(c), c.trace).run();
  REQUIRE(real.requests.size() == predicted.requests.size());
  for (std::size_t r = 0; r < real.requests.size(); ++r) {
    INFO("request ", r);
    const PromptSources& sources = predicted.requests[r].first;
    CHECK(real.requests[r].hits_memory * kShape.block == sources.tier[0]);
    CHECK(real.requests[r].hits_drive * kShape.block == sources.tier[1]);
    CHECK(real.requests[r].computed == sources.fresh + sources.recomputed);
    written += real.requests[r].written;
  }
  CHECK(predicted.whole.preemptions == 0);
  CHECK(written == predicted.whole.tiers[1].written_blocks);
  CHECK(real.evicted == predicted.whole.evicted[0]);
  CHECK(real.drive_evicted == predicted.whole.evicted[1]);
}

}  // namespace

TEST_CASE("does the offload engine decide what the simulator says, whatever the trace, policy and capacities?") {
  Rng rng(20);
  const char* const policies[] = {"vllm", "lru", "fifo"};
  for (int i = 0; i < 300; ++i) {
    Case c;
    c.trace = random_trace(rng, {.requests = between(rng, 5, 40), .block = kShape.block});
    if (!c.trace.has_blocks()) continue;
    c.eviction = policies[i % 3];
    const std::int64_t least = least_frames(Workload(c.trace, Tokens(kShape.block)));
    c.frames = least + between(rng, 0, chance(rng, 0.5) ? 4 : 60);
    c.drive_frames = chance(rng, 0.3) ? 0 : between(rng, least, 4 * least);
    c.budget = between(rng, 1, 48);
    CAPTURE(i);
    CAPTURE(c.eviction);
    CAPTURE(c.frames);
    CAPTURE(c.drive_frames);
    CAPTURE(c.budget);
    compare(c);
  }
}
