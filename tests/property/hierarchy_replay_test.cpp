// Tiers without a clock, held against curves, against a plain cache, and against an exclusive pair of lists.
#include "sim/replay/hierarchy_replay.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <list>
#include <set>

#include "sim/replay/miss_ratio_curve.hpp"
#include "tests/support/policies.hpp"
#include "tests/support/small_traces.hpp"

using namespace tiersim;
using namespace tiersim::tests;

namespace {

constexpr std::uint32_t kLongest = 10;  // blocks of a request

ReplayTier tier_of(std::size_t capacity, const char* eviction = "vllm") {
  ReplayTier tier;
  tier.name = "tier";
  tier.capacity = capacity;
  tier.eviction = {eviction, default_parameters<EvictionPolicy>(eviction)};
  tier.admission = {"always", default_parameters<AdmissionPolicy>("always")};
  return tier;
}

HierarchyCounts replayed(const traces::Trace& trace, std::vector<ReplayTier> tiers) {
  return replay_by_depth(trace, tiers, 1, 1).back();
}

/// Two exclusive tiers in the order of release, written back: what leaves the first enters the second, what is loaded
/// leaves it when it has arrived. Returns the prompt blocks hit in each.
std::pair<std::uint64_t, std::uint64_t> exclusive_pair(const traces::Trace& trace, std::size_t upper,
                                                       std::size_t lower) {
  std::list<std::uint32_t> above, below;  // first to go first
  const auto has = [](const std::list<std::uint32_t>& list, std::uint32_t b) {
    return std::find(list.begin(), list.end(), b) != list.end();
  };
  std::pair<std::uint64_t, std::uint64_t> hits;
  for (std::size_t r = 0; r < trace.size(); ++r) {
    std::vector<std::uint32_t> path;
    for (const traces::Extent& e : trace.extents(RequestId(r)))
      for (std::uint32_t i = 0; i < e.count; ++i) path.push_back(e.first + i);
    const std::size_t asked = std::min<std::size_t>(path.size(), trace.prompt_blocks(RequestId(r)));
    for (std::size_t i = 0; i < asked && (has(above, path[i]) || has(below, path[i])); ++i)
      ++(has(above, path[i]) ? hits.first : hits.second);
    std::set<std::uint32_t> loaded;
    for (std::uint32_t b : path)
      if (!has(above, b) && has(below, b)) loaded.insert(b);
    std::vector<std::uint32_t> demoted;
    for (std::uint32_t b : path) above.remove(b);
    while (above.size() + path.size() > upper) {
      if (!has(below, above.front())) demoted.push_back(above.front());
      above.pop_front();
    }
    // The loaded still lie below, pinned: only the room beside them is free.
    const std::size_t room = lower - loaded.size();
    if (demoted.size() > room) demoted.resize(room);
    for (std::uint32_t b : loaded) below.remove(b);
    while (below.size() + loaded.size() + demoted.size() > lower) below.pop_front();
    for (std::size_t i = demoted.size(); i-- > 0;) below.push_back(demoted[i]);  // released tail first
    for (std::size_t i = path.size(); i-- > 0;) above.push_back(path[i]);
  }
  return hits;
}

}  // namespace

TEST_CASE(
    "is one tier in the order of release LRU touched from the tail, at each capacity, short of a request's too?") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const traces::Trace trace = small_trace(rng, 60, kLongest, true);
    const MissRatioCurve curve = lru_curve(trace, HitRule::prefix, TouchOrder::tail_first);
    for (std::size_t capacity = 1; capacity <= trace.distinct_blocks() + 1; ++capacity) {
      CAPTURE(capacity);
      const HierarchyCounts counts = replayed(trace, {tier_of(capacity)});
      REQUIRE(counts.all.hits == curve.hits_at(capacity));
      REQUIRE(counts.all.hit_tokens == curve.hit_tokens_at(capacity));
    }
  }
}

TEST_CASE("does a tier that is written through add what the curve gains between its capacity and the one above?") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    Rng rng(100 + seed);
    const traces::Trace trace = small_trace(rng, 80, kLongest, true);
    const MissRatioCurve curve = lru_curve(trace, HitRule::prefix, TouchOrder::tail_first);
    const std::size_t first = kLongest + rng.below(10), second = first + kLongest + rng.below(30),
                      third = second + kLongest + rng.below(60);
    const std::vector<ReplayTier> tiers{tier_of(first), tier_of(second), tier_of(third)};
    const std::vector<HierarchyCounts> depths = replay_by_depth(trace, tiers, 1, 2);
    CHECK(depths[0].all.hits == curve.hits_at(first));
    CHECK(depths[1].all.hits == curve.hits_at(second));
    CHECK(depths[1].tiers[0].hits == curve.hits_at(first));
    CHECK(depths[2].all.hits >= depths[1].all.hits);
  }
}

TEST_CASE("does a pair of exclusive tiers hit what a pair of lists hits?") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Rng rng(200 + seed);
    const traces::Trace trace = small_trace(rng, 80, kLongest, true);
    const std::size_t upper = kLongest + rng.below(10), lower = kLongest + rng.below(30);
    ReplayTier below = tier_of(lower);
    below.exclusive = true;
    below.write = WriteMode::back;
    const HierarchyCounts counts = replayed(trace, {tier_of(upper), below});
    const auto [in_upper, in_lower] = exclusive_pair(trace, upper, lower);
    REQUIRE(counts.tiers[0].hits == in_upper);
    REQUIRE(counts.tiers[1].hits == in_lower);
  }
}

TEST_CASE("do causes, tiers and bounds add up on any trace, for any policy below?") {
  for (const std::string_view policy : Registry<EvictionPolicy>::instance().names()) {
    CAPTURE(policy);
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      CAPTURE(seed);
      Rng rng(300 + seed);
      const traces::Trace trace = small_trace(rng, 60, kLongest, seed % 2 == 0);
      ReplayTier below = tier_of(5 + rng.below(40), std::string(policy).c_str());
      below.write = seed % 3 == 0 ? WriteMode::back : WriteMode::through;
      below.exclusive = seed % 4 == 0;
      const char* admission = seed % 2 == 1 ? "second_touch" : "always";
      below.admission = {admission, default_parameters<AdmissionPolicy>(admission)};
      const HierarchyCounts c = replayed(trace, {tier_of(1 + rng.below(20)), below});
      const ReplayMisses& m = c.misses;
      CHECK(m.compulsory + m.admission + m.policy + m.capacity + m.gap == c.all.accesses - c.all.hits);
      CHECK(c.tiers[0].hits + c.tiers[1].hits == c.all.hits);
      CHECK(c.tiers[0].hit_tokens + c.tiers[1].hit_tokens == c.all.hit_tokens);
      CHECK(c.all.hits <= c.infinite.hits);
      CHECK(c.belady.hits <= c.infinite.hits);
    }
  }
}

TEST_CASE("with room for everything, does all that was seen before hit?") {
  Rng rng(7);
  const traces::Trace trace = small_trace(rng, 100, kLongest, true);
  const HierarchyCounts c = replayed(trace, {tier_of(kLongest), tier_of(trace.distinct_blocks())});
  const MissRatioCurve curve = lru_curve(trace, HitRule::prefix, TouchOrder::tail_first);
  CHECK(c.all.hits == c.infinite.hits);
  CHECK(c.all.hits == c.belady.hits);
  CHECK(c.all.hits == curve.hits_at(trace.distinct_blocks()));
  CHECK(c.misses.compulsory == c.all.accesses - c.all.hits);
}
