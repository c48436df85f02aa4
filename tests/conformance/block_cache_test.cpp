// Every registered cache of blocks against the contract of sim/memory/block_cache.hpp, and the classic policies against
// their papers' text over standard containers.
#include "sim/memory/block_cache.hpp"

#include <doctest/doctest.h>

#include <string>

#include "sim/core/registry.hpp"
#include "sim/replay/replay.hpp"
#include "tests/support/naive_caches.hpp"
#include "tests/support/policies.hpp"
#include "tests/support/small_traces.hpp"

using namespace tiersim;
using namespace tiersim::tests;

namespace {

struct Case {
  traces::Trace trace;
  std::vector<std::uint32_t> next;
  [[nodiscard]] std::unique_ptr<BlockCache> cache(std::string_view name, std::size_t capacity) const {
    return Registry<BlockCache>::instance().make(
        name, {capacity, trace.distinct_blocks(), Tokens(kSmallBlock), default_parameters<BlockCache>(name), 3,
               TouchOrder::head_first, next});
  }
  [[nodiscard]] Mention mention(std::size_t r) const {
    return {trace.extents(RequestId(r)), UINT64_MAX, RequestId(r), trace.arrival(RequestId(r))};
  }
};

Case small_case(std::uint64_t seed, bool closed) {
  Rng rng(seed);
  Case out{small_trace(rng, 60, 12, closed), {}};
  out.next = next_accesses(out.trace, TouchOrder::head_first);
  return out;
}

std::vector<std::uint32_t> accesses_of(const traces::Trace& trace) {
  std::vector<std::uint32_t> out;
  for (const traces::Extent& e : trace.columns().extents)
    for (std::uint32_t i = 0; i < e.count; ++i) out.push_back(e.first + i);
  return out;
}

/// Blocks that the cache says it holds, asked one by one.
std::size_t held(const BlockCache& cache, std::uint32_t blocks) {
  std::size_t count = 0;
  for (std::uint32_t b = 0; b < blocks; ++b) count += cache.resident_prefix(std::vector{traces::Extent{b, 1}});
  return count;
}

std::uint64_t all_hits(BlockCache& cache, const Case& c) {
  std::uint64_t hits = 0;
  for (std::size_t r = 0; r < c.trace.size(); ++r) hits += cache.access(c.mention(r));
  return hits;
}

/// Holds prefixes alone, and counts hits of prefixes.
bool is_tree(std::string_view name) { return name == "belady_leaf" || name == "trtllm" || name.starts_with("sglang"); }

template <class Visit>
void for_every_cache(Visit visit) {
  REQUIRE(Registry<BlockCache>::instance().names().size() > 15);
  for (std::string_view name : Registry<BlockCache>::instance().names()) {
    CAPTURE(std::string(name));
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      CAPTURE(seed);
      visit(name, small_case(seed, seed % 2 == 0));
    }
  }
}

}  // namespace

TEST_CASE("does every cache hold at most its capacity, and exactly what it says?") {
  for_every_cache([](std::string_view name, const Case& c) {
    for (std::size_t capacity : {0U, 1U, 2U, 7U, 30U, c.trace.distinct_blocks(), c.trace.distinct_blocks() + 5}) {
      CAPTURE(capacity);
      const auto cache = c.cache(name, capacity);
      for (std::size_t r = 0; r < c.trace.size(); ++r) {
        static_cast<void>(cache->access(c.mention(r)));
        REQUIRE(cache->resident() <= capacity);
        const bool knows_blocks = name != "belady" && name != "belady_bypass";  // they know times of use alone
        if (knows_blocks) REQUIRE(held(*cache, c.trace.distinct_blocks()) == cache->resident());
      }
    }
  });
}

TEST_CASE("does every cache with room for all hit whatever was there before, and with room for none nothing?") {
  for_every_cache([](std::string_view name, const Case& c) {
    const std::uint64_t repeats = accesses_of(c.trace).size() - c.trace.distinct_blocks();
    CHECK(all_hits(*c.cache(name, 0), c) == 0);
    const std::uint64_t hits = all_hits(*c.cache(name, 2 * c.trace.distinct_blocks()), c);
    if (!is_tree(name)) CHECK(hits == repeats);
  });
}

TEST_CASE("does every cache give the same hits twice?") {
  for_every_cache([](std::string_view name, const Case& c) {
    CHECK(all_hits(*c.cache(name, 9), c) == all_hits(*c.cache(name, 9), c));
  });
}

TEST_CASE("is Belady with bypass never beaten, nor Belady by a policy that lets everything in?") {
  for_every_cache([](std::string_view name, const Case& c) {
    if (name.starts_with("belady")) return;
    for (std::size_t capacity : {1U, 3U, 8U, 20U, 60U}) {
      CAPTURE(capacity);
      // In the order of the policy's own touches the future is another one; vllm's is tail first.
      if (name == "vllm") continue;
      const std::uint64_t hits = all_hits(*c.cache(name, capacity), c);
      const std::uint64_t bound = all_hits(*c.cache("belady_bypass", capacity), c);
      CHECK(hits <= bound);
      CHECK(all_hits(*c.cache("belady", capacity), c) <= bound);
    }
  });
}

TEST_CASE("do the classic policies do what their papers say?") {
  const std::map<std::string, std::function<std::unique_ptr<NaiveCache>(std::size_t, const Case&)>> kNaive{
      {"lru", [](std::size_t n, const Case&) { return std::make_unique<NaiveQueue<true>>(n); }},
      {"fifo", [](std::size_t n, const Case&) { return std::make_unique<NaiveQueue<false>>(n); }},
      {"clock", [](std::size_t n, const Case&) { return std::make_unique<NaiveClock>(n); }},
      {"sieve", [](std::size_t n, const Case&) { return std::make_unique<NaiveSieve>(n); }},
      {"lfu", [](std::size_t n, const Case&) { return std::make_unique<NaiveLfu>(n); }},
      {"slru", [](std::size_t n, const Case&) { return std::make_unique<NaiveSlru>(n); }},
      {"2q", [](std::size_t n, const Case&) { return std::make_unique<NaiveTwoQ>(n); }},
      {"arc", [](std::size_t n, const Case&) { return std::make_unique<NaiveArc>(n); }},
      {"s3fifo", [](std::size_t n, const Case&) { return std::make_unique<NaiveS3Fifo>(n); }},
      {"belady",
       [](std::size_t n, const Case& c) { return std::make_unique<NaiveBelady<false>>(n, accesses_of(c.trace)); }},
      {"belady_bypass",
       [](std::size_t n, const Case& c) { return std::make_unique<NaiveBelady<true>>(n, accesses_of(c.trace)); }},
  };
  for (const auto& [name, make] : kNaive) {
    CAPTURE(name);
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      CAPTURE(seed);
      const Case c = small_case(seed, seed % 2 == 0);
      for (std::size_t capacity : {1U, 2U, 5U, 10U, 20U, 31U}) {
        CAPTURE(capacity);
        const auto cache = c.cache(name, capacity);
        const auto naive = make(capacity, c);
        for (std::size_t r = 0; r < c.trace.size(); ++r) {
          std::uint64_t expected = 0;
          for (const traces::Extent& e : c.trace.extents(RequestId(r)))
            for (std::uint32_t i = 0; i < e.count; ++i) expected += naive->access(e.first + i) ? 1 : 0;
          REQUIRE(cache->access(c.mention(r)) == expected);
        }
      }
    }
  }
}
