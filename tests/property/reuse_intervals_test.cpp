// Retention windows against a replay that keeps a time for each block, and an infinite window against LRU's curve.
#include "sim/replay/reuse_intervals.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "sim/replay/miss_ratio_curve.hpp"
#include "tests/support/small_traces.hpp"

using namespace tiersim;
using namespace tiersim::tests;

namespace {

/// The same requests at times that are at most `longest` ns apart, often at once.
traces::Trace at_odd_times(const traces::Trace& trace, Rng& rng, std::uint64_t longest) {
  traces::TraceBuilder builder;
  std::int64_t now = 0;
  for (std::size_t r = 0; r < trace.size(); ++r) {
    const RequestId id(r);
    for (const traces::Extent& e : trace.extents(id))
      for (std::uint32_t i = 0; i < e.count; ++i) builder.add_block(e.first + i);
    builder.add_request({.arrival = now,
                         .prompt_tokens = trace.prompt_tokens(id),
                         .output_tokens = trace.output_tokens(id),
                         .identified_tokens = trace.identified_tokens(id)});
    if (rng.below(3) > 0) now += static_cast<std::int64_t>(rng.below(longest));
  }
  return std::move(builder).finish(kSmallBlock, trace.distinct_blocks(), {"", "test", "0"});
}

struct Stay {
  std::int64_t from, to;  // resident at both
};

struct Naive {
  std::uint64_t hits = 0, prefix_hits = 0;
  std::vector<Stay> stays;
};

/// A cache in which every block has a time to leave; a use sets it anew. Stays of one block that meet are one.
Naive replayed(const traces::Trace& trace, std::int64_t window) {
  Naive out;
  std::map<std::uint32_t, std::size_t> stay;  // by block: its last
  for (std::size_t r = 0; r < trace.size(); ++r) {
    const RequestId id(r);
    const std::int64_t now = trace.arrival(id).value();
    const std::map<std::uint32_t, std::size_t> before = stay;
    const std::vector<Stay> stays_before = out.stays;
    std::uint64_t position = 0;
    bool open = true;
    for (const traces::Extent& e : trace.extents(id)) {
      for (std::uint32_t block = e.first; block < e.first + e.count; ++block, ++position) {
        const auto resident = [&](const std::map<std::uint32_t, std::size_t>& known, const std::vector<Stay>& stays) {
          const auto at = known.find(block);
          return at != known.end() && stays[at->second].to >= now;
        };
        const bool asked = position < trace.prompt_blocks(id), here = resident(stay, out.stays);
        out.hits += asked && here;
        open = open && asked && resident(before, stays_before);
        out.prefix_hits += open;
        if (here) {
          out.stays[stay[block]].to = now + window;
        } else {
          stay[block] = out.stays.size();
          out.stays.push_back({now, now + window});
        }
      }
    }
  }
  return out;
}

double mean_of(const std::vector<Stay>& stays, std::int64_t end) {
  double sum = 0;
  for (const Stay& s : stays) sum += static_cast<double>(std::min(s.to, end) - s.from);
  return end == 0 ? 0 : sum / static_cast<double>(end);
}

/// Only where a stay begins there can be more than before.
std::uint64_t peak_of(const std::vector<Stay>& stays) {
  std::uint64_t peak = 0;
  for (const Stay& at : stays)
    peak = std::max<std::uint64_t>(
        peak, static_cast<std::uint64_t>(std::count_if(
                  stays.begin(), stays.end(), [&](const Stay& s) { return s.from <= at.from && s.to >= at.from; })));
  return peak;
}

}  // namespace

TEST_CASE("does a window hit and hold what a replay with times to leave does, on any trace?") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const traces::Trace trace = at_odd_times(small_trace(rng, 40, 10, seed % 2 == 0), rng, 1000);
    const std::array windows = {Duration(0),    Duration(1),    Duration(150),
                                Duration(2000), Duration(9000), Duration(1 << 20)};
    const ReuseIntervals reuse = reuse_intervals(trace, windows);
    for (const Retention& r : reuse.retention) {
      CAPTURE(r.window.value());
      const Naive naive = replayed(trace, r.window.value());
      REQUIRE(r.counts.hits == naive.hits);
      REQUIRE(r.peak_blocks == peak_of(naive.stays));
      REQUIRE(r.mean_blocks == doctest::Approx(mean_of(naive.stays, reuse.span.value())).epsilon(1e-12));
    }
  }
}

TEST_CASE("on prefixes, are the blocks that hit the longest prefix that is kept?") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    Rng rng(seed + 50);
    const traces::Trace trace = at_odd_times(small_trace(rng, 60, 12, true), rng, 1000);
    const std::array windows = {Duration(10), Duration(700), Duration(5000)};
    for (const Retention& r : reuse_intervals(trace, windows).retention)
      CHECK(r.counts.hits == replayed(trace, r.window.value()).prefix_hits);
  }
}

TEST_CASE("is a window as long as the trace an infinite cache?") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    Rng rng(seed + 90);
    const bool closed = seed % 2 == 0;
    const traces::Trace trace = at_odd_times(small_trace(rng, 60, 12, closed), rng, 1000);
    const std::array windows = {Duration(trace.columns().arrival.back())};
    const ReuseIntervals reuse = reuse_intervals(trace, windows);
    const ReplayCounts& kept = reuse.retention[0].counts;
    const std::size_t all = trace.distinct_blocks();
    const ReplayCounts blocks = lru_curve(trace, HitRule::block, TouchOrder::head_first).at(all);
    CHECK(kept.accesses == blocks.accesses);
    CHECK(kept.tokens == blocks.tokens);
    CHECK(kept.hits == blocks.hits);
    CHECK(reuse.intervals.count() == blocks.hits);
    CHECK(reuse.retention[0].peak_blocks == all);
    if (!closed) continue;
    const ReplayCounts prefixes = lru_curve(trace, HitRule::prefix, TouchOrder::tail_first).at(all);
    CHECK(kept.hits == prefixes.hits);
    CHECK(kept.hit_tokens == prefixes.hit_tokens);
  }
}

TEST_CASE("do longer windows hit and hold no less?") {
  Rng rng(7);
  const traces::Trace trace = at_odd_times(small_trace(rng, 300, 20, true), rng, 1'000'000);
  std::vector<Duration> windows;
  for (std::int64_t ns = 1; ns < 1'000'000'000; ns *= 3) windows.emplace_back(ns);
  const ReuseIntervals reuse = reuse_intervals(trace, windows);
  for (std::size_t i = 1; i < windows.size(); ++i) {
    const Retention &shorter = reuse.retention[i - 1], &longer = reuse.retention[i];
    CHECK(shorter.counts.hits <= longer.counts.hits);
    CHECK(shorter.counts.hit_tokens <= longer.counts.hit_tokens);
    CHECK(shorter.mean_blocks <= longer.mean_blocks);
    CHECK(shorter.peak_blocks <= longer.peak_blocks);
  }
}
