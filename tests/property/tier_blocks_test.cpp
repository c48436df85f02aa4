// A tier that holds G engine blocks together is a tier of an engine whose blocks are G times as large, as long as all
// that is served comes in such blocks.
#include <doctest/doctest.h>

#include <vector>

#include "tests/support/random_serving.hpp"
#include "traces/trace_builder.hpp"

using namespace tiersim;
using namespace tiersim::test;

namespace {

constexpr std::int64_t kLarge = 8, kSmall = 2;  // tokens
constexpr std::uint32_t kTogether = kLarge / kSmall;

/// Sequences of whole large blocks, and an unidentified rest that needs as much room in either size. One token answers.
traces::Trace whole_blocks(Rng& rng) {
  traces::TraceBuilder builder;
  std::vector<std::vector<std::uint32_t>> sequences;
  std::uint32_t next = 0;
  std::int64_t arrival = 0;
  for (int r = 0; r < 60; ++r) {
    std::vector<std::uint32_t> blocks;
    if (!sequences.empty() && chance(rng, 0.7)) {
      blocks = sequences[rng.below(sequences.size())];
      blocks.resize(static_cast<std::size_t>(between(rng, 1, static_cast<std::int64_t>(blocks.size()))));
    }
    for (std::int64_t more = between(rng, blocks.empty() ? 1 : 0, 4); more > 0 && blocks.size() < 12; --more)
      blocks.push_back(next++);
    for (const std::uint32_t b : blocks) builder.add_block(b);
    const auto identified = static_cast<std::uint32_t>(blocks.size() * kLarge);
    const auto rest = static_cast<std::uint32_t>(kLarge - 1);
    builder.add_request(
        {.arrival = arrival, .prompt_tokens = identified + rest, .output_tokens = 1, .identified_tokens = identified});
    arrival += between(rng, 0, 2'000'000);
    sequences.push_back(std::move(blocks));
  }
  return std::move(builder).finish(kLarge, next, {"", "random", ""});
}

/// The same settings for an engine with blocks a G-th as large.
ServingSettings with_small_blocks(ServingSettings s) {
  s.block = Tokens(kSmall);
  s.hbm.blocks *= kTogether;
  for (LowerTierSettings& tier : s.lower) tier.chunk = kTogether, tier.block_bytes = tier.block_bytes / kTogether;
  return s;
}

/// LRU in HBM, where blocks leave in the order of their sequences and so by whole large ones.
ServingSettings random_tiers(Rng& rng) {
  ServingSettings s = random_settings(rng, {.block = kLarge});
  s.block = Tokens(kLarge);
  s.hbm = {between(rng, 14, 40), {"lru", {}}};
  s.engine.max_batched_tokens = Tokens(1000);  // a prompt at once
  s.engine.max_sequences = 4;
  s.engine.reserve_whole_prompt = true;
  s.load = {};
  s.window = {};
  s.reference = Reference::none;
  s.feeds.clear();
  s.placement = {"waterfall", {}};
  for (LowerTierSettings& tier : s.lower) {
    tier.chunk = 1;
    tier.block_bytes = Bytes(17'000 * kTogether);
    tier.capacity = tier.block_bytes * between(rng, 4, 80);
    tier.write = &tier == &s.lower[0] ? WriteMode::through : tier.write;
  }
  return s;
}

void check_same_but_for_size(const TierUse& small, const TierUse& large) {
  REQUIRE(small.loads == large.loads);
  REQUIRE(small.loaded_blocks == large.loaded_blocks * kTogether);
  REQUIRE(small.written_blocks == large.written_blocks * kTogether);
  REQUIRE(small.refused_blocks == large.refused_blocks * kTogether);
  REQUIRE(small.write_backs == large.write_backs * kTogether);
  REQUIRE(small.prefetched_blocks == large.prefetched_blocks * kTogether);
  REQUIRE(small.prefetched_used == large.prefetched_used * kTogether);
}

}  // namespace

TEST_CASE("is a tier of chunks the tier of an engine whose blocks are the chunks?") {
  std::int64_t loaded = 0, refused = 0, written_back = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    const ServingSettings settings = random_tiers(rng);
    const traces::Trace trace = whole_blocks(rng);
    CAPTURE(seed);
    CAPTURE(describe(settings));
    const ServingOutcome large = Simulation(settings, trace).run();
    const ServingOutcome small = Simulation(with_small_blocks(settings), trace).run();
    REQUIRE(small.requests.size() == large.requests.size());
    for (std::size_t r = 0; r < small.requests.size(); ++r) {
      CAPTURE(r);
      for (std::size_t t = 0; t < kMaxTiers; ++t)
        REQUIRE(small.requests[r].first.tier[t] == large.requests[r].first.tier[t]);
      REQUIRE(small.requests[r].load_wait == large.requests[r].load_wait);
      REQUIRE(small.requests[r].last_token == large.requests[r].last_token);
    }
    for (std::size_t t = 1; t < kMaxTiers; ++t) {
      check_same_but_for_size(small.whole.tiers[t], large.whole.tiers[t]);
      REQUIRE(small.whole.evicted[t] == large.whole.evicted[t] * kTogether);
      loaded += small.whole.tiers[t].loaded_blocks;
      refused += small.whole.tiers[t].refused_blocks;
      written_back += small.whole.tiers[t].write_backs;
    }
    for (std::size_t c = 0; c < kMissCauses; ++c) REQUIRE(small.whole.misses[c] == large.whole.misses[c] * kTogether);
    for (std::size_t l = 0; l < small.whole.links.size(); ++l)
      REQUIRE(small.whole.links[l].bytes == large.whole.links[l].bytes);
  }
  CHECK(loaded > 1000);
  CHECK(refused > 1000);
  CHECK(written_back > 100);
}
