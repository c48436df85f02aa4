#include "sim/report/statistics.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

namespace tiersim {
namespace {

// A value's bucket is its bit width and the ten bits below its highest: in order of size, each 0.1% wide.
constexpr int kMantissaBits = 10;
constexpr std::size_t kBuckets = std::size_t{64 - kMantissaBits} << kMantissaBits;
constexpr std::array<std::int64_t, 4> kPercents = {50, 90, 95, 99};

std::size_t bucket_of(std::int64_t value) {
  const auto v = static_cast<std::uint64_t>(value);
  const int shift = std::max(0, static_cast<int>(std::bit_width(v)) - 1 - kMantissaBits);
  return (static_cast<std::size_t>(shift) << kMantissaBits) + static_cast<std::size_t>(v >> shift);
}

/// Where a percentile lies: the bucket, and which value of it, counted from 1.
struct Target {
  std::size_t bucket = 0;
  std::int64_t rank = 0;
};

std::array<Target, kPercents.size()> find_buckets(const std::vector<std::int64_t>& counts, std::int64_t total) {
  std::array<Target, kPercents.size()> targets;
  std::size_t bucket = 0;
  std::int64_t before = 0;
  for (std::size_t i = 0; i < kPercents.size(); ++i) {
    const std::int64_t rank = (kPercents[i] * total + 99) / 100;
    while (before + counts[bucket] < rank) before += counts[bucket++];
    targets[i] = {bucket, rank - before};
  }
  return targets;
}

std::int64_t value_at(std::vector<WeightedSample>& bucket, std::int64_t rank) {
  std::int64_t seen = 0;
  for (const WeightedSample& s : bucket) {
    seen += s.count;
    if (seen >= rank) return s.value;
  }
  return 0;
}

}  // namespace

Distribution distribution_of(std::span<const WeightedSample> samples) {
  Distribution d;
  std::vector<std::int64_t> counts(kBuckets);
  std::int64_t sum = 0;
  for (const WeightedSample& s : samples) {
    counts[bucket_of(s.value)] += s.count;
    d.count += s.count;
    sum += s.value * s.count;
  }
  if (d.count == 0) return d;
  d.mean = static_cast<double>(sum) / static_cast<double>(d.count);

  const auto targets = find_buckets(counts, d.count);
  std::array<std::vector<WeightedSample>, kPercents.size()> wanted;
  const std::size_t lowest = targets.front().bucket;
  for (const WeightedSample& s : samples) {
    const std::size_t bucket = bucket_of(s.value);
    if (bucket < lowest || s.count == 0) continue;
    for (std::size_t i = 0; i < targets.size(); ++i)
      if (targets[i].bucket == bucket) wanted[i].push_back(s);
  }
  std::array<std::int64_t, kPercents.size()> values{};
  for (std::size_t i = 0; i < targets.size(); ++i) {
    std::sort(wanted[i].begin(), wanted[i].end(),
              [](const WeightedSample& a, const WeightedSample& b) { return a.value < b.value; });
    values[i] = value_at(wanted[i], targets[i].rank);
  }
  d.p50 = values[0], d.p90 = values[1], d.p95 = values[2], d.p99 = values[3];
  return d;
}

}  // namespace tiersim
