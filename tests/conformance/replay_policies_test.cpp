// Policies of real systems in cache replays, worked by hand.
#include <doctest/doctest.h>

#include <vector>

#include "sim/core/registry.hpp"
#include "sim/core/units.hpp"
#include "sim/memory/block_cache.hpp"
#include "tests/support/policies.hpp"

using namespace tiersim;
using namespace tiersim::literals;
using namespace tiersim::tests;

namespace {

using Extents = std::vector<traces::Extent>;

/// A cache of blocks of 16 tokens with some parameters set.
class Driven {
 public:
  Driven(std::string_view name, std::size_t capacity, const std::vector<std::pair<std::string, double>>& set = {}) {
    cache_ =
        Registry<BlockCache>::instance().make(name, {capacity, 100, 16_tok, parameters_with<BlockCache>(name, set)});
  }
  std::uint64_t use(const Extents& path, Time now = Time(0), std::uint32_t turn = 0) {
    return cache_->access({path, UINT64_MAX, RequestId(requests_++), now, turn});
  }
  [[nodiscard]] std::uint64_t prefix(const Extents& path) const { return cache_->resident_prefix(path); }
  [[nodiscard]] bool holds(std::uint32_t block) const { return prefix({{block, 1}}) == 1; }
  [[nodiscard]] std::size_t resident() const { return cache_->resident(); }

 private:
  std::unique_ptr<BlockCache> cache_;
  std::size_t requests_ = 0;
};

constexpr Time at(Duration since_start) { return Time(0) + since_start; }

}  // namespace

TEST_CASE("do trees give up the tail of the path that their score says, never a parent before its child?") {
  for (const auto& [name, victim] : std::vector<std::pair<const char*, std::uint32_t>>{
           {"sglang_lru", 3}, {"sglang_mru", 5}, {"sglang_fifo", 3}, {"sglang_filo", 5}, {"sglang_lfu", 3}}) {
    CAPTURE(name);
    Driven cache(name, 6);
    cache.use({{0, 4}});  // 0 1 2 3
    cache.use({{4, 2}});  // 4 5
    cache.use({{4, 2}});  // hit: used last and most
    cache.use({{6, 1}});
    CHECK(!cache.holds(victim));
    CHECK(cache.resident() == 6);
    CHECK(cache.holds(6));
  }
}

TEST_CASE("does SGLang's segmented score protect what was hit twice?") {
  Driven cache("sglang_slru", 2);
  cache.use({{0, 1}});
  cache.use({{0, 1}});
  cache.use({{0, 1}});  // the second hit
  cache.use({{1, 1}});
  cache.use({{2, 1}});  // 1 is younger, but on probation
  CHECK(cache.holds(0));
  CHECK(!cache.holds(1));
}

TEST_CASE("does a path that outgrows the cache keep its head?") {
  Driven cache("sglang_lru", 3);
  CHECK(cache.use({{0, 5}}) == 0);
  CHECK(cache.prefix({{0, 5}}) == 3);
  CHECK(cache.use({{0, 5}}) == 3);
}

TEST_CASE("does TensorRT-LLM's queue keep retained heads until their time is up?") {
  const std::vector<std::pair<std::string, double>> head{{"head", 16}, {"duration", 10e9}};
  Driven cache("trtllm", 2, head);
  cache.use({{0, 1}}, at(0_s));  // the head of its request: retained until 10 s
  cache.use({{1, 1}}, at(1_s));  // until 11 s
  cache.use({{2, 1}}, at(2_s));  // all are retained: the first in the queue goes
  CHECK(!cache.holds(0));
  Driven mixed("trtllm", 3, head);
  mixed.use({{0, 2}}, at(0_s));  // 0 retained, 1 not
  mixed.use({{2, 1}}, at(1_s));
  mixed.use({{3, 1}}, at(2_s));
  CHECK(!mixed.holds(1));  // the only one at the usual priority
  CHECK(mixed.holds(0));
  mixed.use({{4, 1}}, at(12_s));  // 0's and 2's time is up at 10 and 11 s, 3's is at 12 s too
  CHECK(!mixed.holds(0));
}

TEST_CASE("does Mooncake Store evict in rounds, above its watermark, and nothing under lease?") {
  Driven cache("mooncake_store", 20, {{"watermark", 0.5}, {"batch", 0.3}});
  cache.use({{0, 10}}, at(0_s));
  CHECK(cache.resident() == 10);
  cache.use({{10, 1}}, at(5_s));  // above the watermark, but everything is under lease
  CHECK(cache.resident() == 11);
  cache.use({{11, 1}}, at(11_s));  // the first ten can go: three of the eleven do
  CHECK(cache.resident() == 9);
  CHECK(!cache.holds(2));
  CHECK(cache.holds(3));
}

TEST_CASE("does Mooncake Store keep soft pins until nothing else can go?") {
  Driven cache("mooncake_store", 4, {{"watermark", 1}, {"batch", 0.5}, {"pinned", 16}});
  cache.use({{0, 4}}, at(0_s));  // 0 is pinned for 30 minutes
  cache.use({{4, 1}}, at(60_s));
  CHECK(cache.holds(0));
  CHECK(!cache.holds(1));
  CHECK(!cache.holds(2));
  CHECK(cache.holds(3));
}

TEST_CASE("does Mooncake Store refuse what finds no room?") {
  Driven cache("mooncake_store", 2, {});
  cache.use({{0, 3}}, at(0_s));
  CHECK(cache.resident() == 2);
  CHECK(!cache.holds(2));
}

TEST_CASE("does the workload-aware policy learn which turns are followed by others?") {
  // First turns come back after half a second, second turns never.
  const Time end = at(1_s * 300);
  Driven cache("workload_aware", 2, {{"kinds", 2}});
  for (std::uint32_t i = 0; i < 20; ++i) {
    cache.use({{i, 1}}, at(1_s * i), 0);
    cache.use({{i, 1}}, at(1_s * i) + 500_ms, 1);
  }
  cache.use({{50, 1}}, end, 0);  // a first turn
  cache.use({{51, 1}}, end + 1_ms, 0);
  cache.use({{51, 1}}, end + 2_ms, 1);  // becomes a second turn: younger than 50
  cache.use({{52, 1}}, end + 3_ms, 0);
  CHECK(cache.holds(50));
  CHECK(!cache.holds(51));
}
