// Policies of leaves in a tier: what is resident is always a tree of prefixes, and one request after another they hit
// what the same policies hit in a replay.
#include "sim/memory/leaf_frames.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/memory/tier.hpp"
#include "tests/support/policies.hpp"
#include "tests/support/small_traces.hpp"

using namespace tiersim;
using namespace tiersim::tests;

namespace {

constexpr std::uint32_t kLongest = 12;  // blocks of a request

/// Every policy of leaves, with heads retained where there is such a thing.
PolicyChoice leaf_policy(std::size_t index) {
  static const std::vector<std::string> kNames{"sglang_lru",  "sglang_lfu",  "sglang_fifo",     "sglang_mru",
                                               "sglang_filo", "sglang_slru", "sglang_priority", "trtllm"};
  const std::string& name = kNames[index % kNames.size()];
  return {name, parameters_with<EvictionPolicy>(name, {{"head", 3 * kSmallBlock}, {"duration", 7e9}})};
}

/// A tier that serves the requests of a trace.
class Served {
 public:
  Served(const traces::Trace& trace, const PolicyChoice& policy, std::size_t frames)
      : trace_(trace),
        tree_(trace, Tokens(kSmallBlock)),
        tier_({static_cast<std::int64_t>(frames), trace.distinct_blocks(), false, make(policy, frames)}, frames) {}

  /// References the request's blocks, those that were there and new ones. Returns how many were there.
  std::size_t begin(RequestId request, std::vector<FrameId>& frames) {
    std::vector<BlockId> blocks;
    for (const traces::Extent& e : trace_.extents(request))
      for (std::uint32_t i = 0; i < e.count; ++i) blocks.push_back(BlockId(e.first + i));
    const Time now = trace_.arrival(request);
    while (frames.size() < blocks.size() && !tier_.frame_of(blocks[frames.size()]).is_none())
      frames.push_back(tier_.frame_of(blocks[frames.size()]));
    const std::size_t hits = frames.size();
    const auto all = std::span<const BlockId>(blocks);
    tier_.acquire({frames, all.first(hits), 0, request}, now);
    std::vector<BlockId> evicted;
    REQUIRE(tier_.allocate(static_cast<std::int64_t>(blocks.size() - hits), frames, evicted, now));
    check_prefixes();
    tier_.insert({std::span(frames).subspan(hits), all.subspan(hits), static_cast<std::uint32_t>(hits), request}, now);
    return hits;
  }
  void end(const std::vector<FrameId>& frames, RequestId request, Time now) {
    tier_.release({frames, {}, 0, request}, now);
  }
  [[nodiscard]] std::int64_t available() const { return tier_.available(); }

 private:
  std::unique_ptr<EvictionPolicy> make(const PolicyChoice& policy, std::size_t frames) {
    return Registry<EvictionPolicy>::instance().make(policy.name, {frames,
                                                                   policy.parameters,
                                                                   3,
                                                                   trace_.distinct_blocks(),
                                                                   Tokens(kSmallBlock),
                                                                   {},
                                                                   [this]() -> const PrefixTree& { return tree_; }});
  }
  void check_prefixes() const {
    for (std::uint32_t b = 0; b < trace_.distinct_blocks(); ++b) {
      if (tier_.frame_of(BlockId(b)).is_none() || tree_.parent(b) == PrefixTree::kNone) continue;
      REQUIRE(!tier_.frame_of(BlockId(tree_.parent(b))).is_none());
    }
  }

  const traces::Trace& trace_;
  PrefixTree tree_;
  Tier tier_;
};

struct Flying {
  RequestId request;
  std::vector<FrameId> frames;
};

}  // namespace

TEST_CASE("do policies of leaves hit in a tier what they hit in a replay?") {
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    Rng rng(seed);
    const traces::Trace trace = small_trace(rng, 150, kLongest, true);
    const std::size_t frames = kLongest + rng.below(40);
    const PolicyChoice policy = leaf_policy(seed);
    CAPTURE(policy.name);
    CAPTURE(seed);
    Served tier(trace, policy, frames);
    const auto cache = Registry<BlockCache>::instance().make(
        policy.name, {frames, trace.distinct_blocks(), Tokens(kSmallBlock), policy.parameters, 3});
    std::uint64_t hits = 0;
    for (std::size_t r = 0; r < trace.size(); ++r) {
      const RequestId request(r);
      const std::uint64_t expected = cache->resident_prefix(trace.extents(request));
      static_cast<void>(cache->access({trace.extents(request), UINT64_MAX, request, trace.arrival(request)}));
      std::vector<FrameId> held;
      REQUIRE(tier.begin(request, held) == expected);
      tier.end(held, request, trace.arrival(request));
      hits += expected;
    }
    CHECK(hits > 0);
  }
}

TEST_CASE("does a parent never leave before its children, whoever holds them?") {
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    Rng rng(1000 + seed);
    const traces::Trace trace = small_trace(rng, 150, kLongest, true);
    const PolicyChoice policy = leaf_policy(seed);
    CAPTURE(policy.name);
    CAPTURE(seed);
    Served tier(trace, policy, 2 * kLongest + rng.below(30));
    std::vector<Flying> flying;
    const auto land = [&](std::size_t which, Time now) {
      std::swap(flying[which], flying.back());
      tier.end(flying.back().frames, flying.back().request, now);
      flying.pop_back();
    };
    for (std::size_t r = 0; r < trace.size(); ++r) {
      const Time now = trace.arrival(RequestId(r));
      while (!flying.empty() && (tier.available() < kLongest || rng.below(3) == 0)) land(rng.below(flying.size()), now);
      flying.push_back({RequestId(r), {}});
      static_cast<void>(tier.begin(RequestId(r), flying.back().frames));
    }
  }
}
