// The one-pass curve against replays, and what must hold between caches on traces of prefixes.
#include "sim/replay/miss_ratio_curve.hpp"

#include <doctest/doctest.h>

#include "tests/support/policies.hpp"
#include "tests/support/small_traces.hpp"

using namespace tiersim;
using namespace tiersim::tests;

namespace {

ReplayCounts replayed(const traces::Trace& trace, const char* policy, std::size_t capacity, HitRule rule,
                      TouchOrder order) {
  return replay(trace, {{policy, default_parameters<BlockCache>(policy)}, capacity, rule, order, 1});
}

}  // namespace

TEST_CASE("is the one-pass curve the replay at each capacity, for every definition?") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const traces::Trace trace = small_trace(rng, 40, 10, seed % 2 == 0);
    for (HitRule rule : {HitRule::block, HitRule::prefix}) {
      for (TouchOrder order : {TouchOrder::head_first, TouchOrder::tail_first}) {
        CAPTURE(static_cast<int>(rule));
        CAPTURE(static_cast<int>(order));
        const MissRatioCurve curve = lru_curve(trace, rule, order);
        for (std::size_t capacity = 0; capacity <= trace.distinct_blocks() + 2; ++capacity) {
          const ReplayCounts one = replayed(trace, "lru", capacity, rule, order), at = curve.at(capacity);
          REQUIRE(at.hits == one.hits);
          REQUIRE(at.accesses == one.accesses);
          REQUIRE(at.tokens == one.tokens);
          if (rule == HitRule::prefix) REQUIRE(at.hit_tokens == one.hit_tokens);
        }
      }
    }
  }
}

TEST_CASE("does the curve bear a request that mentions few blocks very often?") {
  traces::TraceBuilder builder;
  constexpr std::uint32_t kMentions = 150'000;
  for (int r = 0; r < 2; ++r) {
    for (std::uint32_t i = 0; i < kMentions; ++i) builder.add_block(i % 3);
    builder.add_request({.arrival = r,
                         .prompt_tokens = kMentions * kSmallBlock,
                         .output_tokens = 1,
                         .identified_tokens = kMentions * kSmallBlock});
  }
  const traces::Trace trace = std::move(builder).finish(kSmallBlock, 3, {"", "test", "0"});
  for (HitRule rule : {HitRule::block, HitRule::prefix}) {
    for (std::size_t capacity = 0; capacity < 5; ++capacity)
      CHECK(lru_curve(trace, rule, TouchOrder::tail_first).hits_at(capacity) ==
            replayed(trace, "lru", capacity, rule, TouchOrder::tail_first).hits);
  }
}

TEST_CASE("does LRU hit no less in a larger cache?") {
  Rng rng(5);
  const traces::Trace trace = small_trace(rng, 300, 20, true);
  const MissRatioCurve curve = lru_curve(trace, HitRule::prefix, TouchOrder::tail_first);
  CHECK(std::is_sorted(curve.hits.begin(), curve.hits.end()));
  CHECK(std::is_sorted(curve.hit_tokens.begin(), curve.hit_tokens.end()));
  CHECK(curve.hits.front() == 0);
  CHECK(curve.hits.back() > 0);
}

TEST_CASE(
    "on prefixes, are an LRU of blocks and one of prefixes the same, and engines' caches the latter from the tail?") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    Rng rng(seed + 100);
    const traces::Trace trace = small_trace(rng, 80, 12, true);
    for (std::size_t capacity : {1U, 4U, 11U, 25U, 70U}) {
      CAPTURE(capacity);
      const auto lru = [&](HitRule rule, TouchOrder order) {
        return replayed(trace, "lru", capacity, rule, order).hits;
      };
      CHECK(lru(HitRule::block, TouchOrder::head_first) == lru(HitRule::prefix, TouchOrder::head_first));
      for (const char* engine : {"vllm", "sglang_lru"})
        CHECK(replayed(trace, engine, capacity, HitRule::prefix, TouchOrder::head_first).hits ==
              lru(HitRule::prefix, TouchOrder::tail_first));
    }
  }
}

TEST_CASE("on prefixes, does an infinite cache never hit after a request's first miss?") {
  Rng rng(9);
  const traces::Trace trace = small_trace(rng, 300, 20, true);
  const std::size_t all = trace.distinct_blocks();
  CHECK(replayed(trace, "lru", all, HitRule::block, TouchOrder::head_first).hits ==
        replayed(trace, "lru", all, HitRule::prefix, TouchOrder::head_first).hits);
}
