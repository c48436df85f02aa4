#pragma once
/// Mean and percentiles of many values, each of which may have occurred many times.
///
/// Percentile p of n sorted values is x[ceil(p n)], counted from 1: always a value that
/// occurred, never interpolated. Called by facts.cpp for every latency. Values are nanoseconds or other counts, not
/// negative; samples with count 0 are skipped. Exact, whatever the order of the samples. Cost: two passes over the
/// samples and a sort of those that share a bucket (0.1% wide) with a wanted percentile.
#include <cstdint>
#include <span>

#include "sim/serving/outcome.hpp"

namespace tiersim {

struct Distribution {
  std::int64_t count = 0;  ///< of values; 0: the rest means nothing
  double mean = 0;
  std::int64_t p50 = 0, p90 = 0, p95 = 0, p99 = 0;
};

[[nodiscard]] Distribution distribution_of(std::span<const WeightedSample> samples);

}  // namespace tiersim
