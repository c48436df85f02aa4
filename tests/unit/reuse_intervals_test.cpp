// Times between uses, and what windows hit and hold, of traces that fit on a page.
#include "sim/replay/reuse_intervals.hpp"

#include <doctest/doctest.h>

#include <array>

#include "tests/support/small_system.hpp"

using namespace tiersim;
using namespace tiersim::tests;
using namespace tiersim::literals;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// Blocks of 16 tokens. At 0 s blocks 0, 1 and an answer in 2; at 10 s 0, 1, 2 and a new one; at 40 s 0 and 1.
traces::Trace three_turns() {
  return make_trace({{.arrival = 0, .prompt = 32, .output = 16, .blocks = {0, 1, 2}},
                     {.arrival = 10 * kSecond, .prompt = 60, .output = 1, .blocks = {0, 1, 2, 3}},
                     {.arrival = 40 * kSecond, .prompt = 32, .output = 1, .blocks = {0, 1}}},
                    16);
}

}  // namespace

TEST_CASE("are hits, tokens and blocks held those counted by hand?") {
  const std::array windows = {0_s, 10_s, 29_s, 30_s, 40_s};
  const ReuseIntervals reuse = reuse_intervals(three_turns(), windows);
  CHECK(reuse.span == 40_s);
  CHECK(reuse.prompt_uses == 8);
  CHECK(reuse.intervals.count() == 5);
  struct Expected {
    std::uint64_t hits, tokens, peak;
    double block_seconds;
  };
  // Held between 0 and 40 s: 0 and 1 all the time once windows reach 30 s, 2 until 10 s and its window, 3 likewise.
  constexpr std::array kExpected = {
      Expected{0, 0, 4, 0},
      Expected{3, 48, 4, 3 * 10 + 4 * 10},
      Expected{3, 48, 4, 3 * 10 + 4 * 29},
      Expected{5, 80, 4, 3 * 10 + 4 * 30},
      Expected{5, 80, 4, 3 * 10 + 4 * 30},
  };
  for (std::size_t i = 0; i < windows.size(); ++i) {
    CAPTURE(i);
    const Retention& r = reuse.retention[i];
    CHECK(r.window == windows[i]);
    CHECK(r.counts.accesses == 8);
    CHECK(r.counts.tokens == 124);
    CHECK(r.counts.hits == kExpected[i].hits);
    CHECK(r.counts.hit_tokens == kExpected[i].tokens);
    CHECK(r.peak_blocks == kExpected[i].peak);
    CHECK(r.mean_blocks == doctest::Approx(kExpected[i].block_seconds / 40));
  }
}

TEST_CASE("does a block leave after its window, and count once however often it is used?") {
  const traces::Trace trace = make_trace({{.arrival = 0, .prompt = 32, .blocks = {0, 1}},
                                          {.arrival = 5 * kSecond, .prompt = 16, .blocks = {2}},
                                          {.arrival = 6 * kSecond, .prompt = 32, .blocks = {2, 2}},
                                          {.arrival = 20 * kSecond, .prompt = 16, .blocks = {0}}},
                                         16);
  const std::array windows = {4_s, 5_s};
  const ReuseIntervals reuse = reuse_intervals(trace, windows);
  CHECK(reuse.retention[0].peak_blocks == 2);  // 0 and 1 have left when 2 comes
  CHECK(reuse.retention[1].peak_blocks == 3);  // they stay for their window, its end included
  CHECK(reuse.retention[0].counts.hits == 2);  // 2 after a second, and at once
  CHECK(reuse.retention[0].mean_blocks == doctest::Approx((2 * 4 + 1 + 4) / 20.0));
  CHECK(reuse.intervals.percentile(33) == 0_s);
  CHECK(reuse.intervals.percentile(34) == 1_s);
  CHECK(reuse.intervals.percentile(100) == 20_s);
  CHECK(reuse.intervals.mean() == 7_s);
}

TEST_CASE("does an answer keep a block, and ask for none?") {
  const traces::Trace trace = make_trace({{.arrival = 0, .prompt = 16, .output = 16, .blocks = {0, 1}},
                                          {.arrival = 8 * kSecond, .prompt = 16, .output = 16, .blocks = {0, 1}},
                                          {.arrival = 16 * kSecond, .prompt = 32, .output = 1, .blocks = {0, 1}}},
                                         16);
  const std::array windows = {8_s};
  const ReuseIntervals reuse = reuse_intervals(trace, windows);
  CHECK(reuse.prompt_uses == 4);
  CHECK(reuse.intervals.count() == 3);
  CHECK(reuse.retention[0].counts.hits == 3);
}

TEST_CASE("are percentiles of any lengths within 1%, and those on a grid exact?") {
  IntervalHistogram odd, seconds;
  std::vector<std::int64_t> all;
  for (std::int64_t i = 1; i <= 1000; ++i) all.push_back(i * i * i * 977);
  for (const std::int64_t ns : all) odd.add(Duration(ns), 1);
  for (std::int64_t s = 0; s < 90; ++s) seconds.add(Duration(s * kSecond), 7);
  for (std::uint64_t percent = 1; percent <= 100; ++percent) {
    CAPTURE(percent);
    const auto exact = static_cast<double>(all[percent * 10 - 1]);
    CHECK(static_cast<double>(odd.percentile(percent).value()) == doctest::Approx(exact).epsilon(0.01));
    CHECK(seconds.percentile(percent) == Duration((static_cast<std::int64_t>(percent) * 90 + 99) / 100 - 1) * kSecond);
  }
  CHECK(odd.cumulated().back().count == 1000);
  CHECK(IntervalHistogram().percentile(50) == 0_s);
}

TEST_CASE("does the histogram bear the shortest and the longest interval?") {
  IntervalHistogram histogram;
  for (const std::int64_t ns : {std::int64_t{0}, std::int64_t{255}, std::int64_t{256}, INT64_MAX / 2})
    histogram.add(Duration(ns), 1);
  CHECK(histogram.percentile(25) == 0_ns);
  CHECK(histogram.percentile(50) == 255_ns);
  CHECK(histogram.percentile(75) == 256_ns);
  CHECK(histogram.percentile(100).value() == doctest::Approx(4.6e18).epsilon(0.01));
}

TEST_CASE("is there nothing in a trace without blocks?") {
  const std::array windows = {1_s};
  const ReuseIntervals reuse =
      reuse_intervals(make_trace({{.arrival = 0, .prompt = 5}, {.arrival = 9, .prompt = 5}}), windows);
  CHECK(reuse.prompt_uses == 0);
  CHECK(reuse.intervals.cumulated().empty());
  CHECK(reuse.retention[0].counts.hits == 0);
  CHECK(reuse.retention[0].mean_blocks == 0);
}
