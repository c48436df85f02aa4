// Percentiles: the rule, weights, and a naive reference.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "sim/core/rng.hpp"
#include "sim/report/statistics.hpp"

using namespace tiersim;

namespace {

std::vector<WeightedSample> once_each(std::int64_t first, std::int64_t last) {
  std::vector<WeightedSample> out;
  for (std::int64_t v = last; v >= first; --v) out.push_back({v, 1});
  return out;
}

/// x[ceil(p n)], counted from 1, of the values written out one by one.
std::int64_t naive_percentile(std::vector<std::int64_t> values, std::int64_t percent) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  const std::size_t rank = (static_cast<std::size_t>(percent) * n + 99) / 100;
  return values[rank - 1];
}

}  // namespace

TEST_CASE("is percentile p of n values the one at rank ceil(p n), counted from 1?") {
  CHECK(distribution_of(once_each(1, 100)).p99 == 99);
  CHECK(distribution_of(once_each(1, 100)).p50 == 50);
  CHECK(distribution_of(once_each(1, 101)).p50 == 51);
  CHECK(distribution_of(once_each(1, 10)).p95 == 10);
  CHECK(distribution_of(once_each(1, 3)).p50 == 2);
  CHECK(distribution_of(once_each(7, 7)).p50 == 7);
}

TEST_CASE("does a value count as often as it occurred?") {
  const std::vector<WeightedSample> samples = {{30, 1}, {10, 8}, {0, 0}, {20, 1}};
  const Distribution d = distribution_of(samples);
  CHECK(d.count == 10);
  CHECK(d.mean == 13.0);
  CHECK(d.p50 == 10);
  CHECK(d.p90 == 20);
  CHECK(d.p95 == 30);
  CHECK(d.p99 == 30);
}

TEST_CASE("is the distribution of nothing empty?") {
  CHECK(distribution_of({}).count == 0);
  const std::vector<WeightedSample> separators = {{0, 0}, {0, 0}};
  CHECK(distribution_of(separators).count == 0);
}

TEST_CASE("are percentiles of any values those of the sorted list?") {
  Rng rng(7);
  for (int round = 0; round < 60; ++round) {
    std::vector<WeightedSample> samples;
    std::vector<std::int64_t> values;
    const std::uint64_t size = 1 + rng.below(400);
    for (std::uint64_t i = 0; i < size; ++i) {
      const auto value = static_cast<std::int64_t>(rng.next() >> (1 + rng.below(63)));  // every order of magnitude
      const auto count = static_cast<std::uint32_t>(rng.below(4));
      samples.push_back({value >> 8, count});
      values.insert(values.end(), count, value >> 8);
    }
    if (values.empty()) continue;
    const Distribution d = distribution_of(samples);
    CHECK(d.p50 == naive_percentile(values, 50));
    CHECK(d.p90 == naive_percentile(values, 90));
    CHECK(d.p95 == naive_percentile(values, 95));
    CHECK(d.p99 == naive_percentile(values, 99));
  }
}
