// Hit rates from a sample against the exact curve.
#include "sim/replay/sampled_curve.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "sim/replay/miss_ratio_curve.hpp"
#include "tests/support/small_traces.hpp"

using namespace tiersim;
using namespace tiersim::tests;

TEST_CASE("is a sampled curve within four standard errors of the exact one, at every capacity?") {
  Rng rng(3);
  const traces::Trace trace = small_trace(rng, 20'000, 24, true);
  const MissRatioCurve exact = lru_curve(trace, HitRule::block, TouchOrder::head_first);
  // Answers count as uses in the sample and not in the curve: hence the three points allowed.
  std::uint64_t uses = 0;
  for (const traces::Extent& e : trace.columns().extents) uses += e.count;
  for (double rate : {0.1, 0.3}) {
    CAPTURE(rate);
    const SampledCurve sampled(trace, rate);
    CHECK(sampled.accesses() == uses);
    const double share = static_cast<double>(sampled.sampled_blocks()) / trace.distinct_blocks();
    CHECK(share == doctest::Approx(rate).epsilon(0.1));
    for (std::size_t capacity = 500; capacity < trace.distinct_blocks(); capacity *= 2) {
      CAPTURE(capacity);
      const SampledCurve::Estimate estimate = sampled.at(capacity);
      CHECK(estimate.standard_error < 0.05);
      CHECK(std::abs(estimate.hit_rate - exact.at(capacity).hit_rate()) < 4 * estimate.standard_error + 0.03);
    }
  }
}

TEST_CASE("does a sampled curve rise with the capacity, from nothing?") {
  Rng rng(4);
  const traces::Trace trace = small_trace(rng, 2'000, 24, true);
  const SampledCurve sampled(trace, 0.5);
  CHECK(sampled.at(0).hit_rate == 0);
  double before = 0;
  for (std::size_t capacity = 1; capacity < 2 * trace.distinct_blocks(); capacity += 7) {
    const double now = sampled.at(capacity).hit_rate;
    CHECK(now >= before - 1e-12);
    before = now;
  }
}
