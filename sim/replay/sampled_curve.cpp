#include "sim/replay/sampled_curve.hpp"

#include <algorithm>
#include <cmath>

#include "sim/replay/stack_distances.hpp"

namespace tiersim {
namespace {

constexpr std::uint32_t kNotSampled = UINT32_MAX;

std::uint64_t mixed(std::uint64_t x) {  // splitmix64's finaliser (Steele, Lea, Flood, 2014)
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

SampledCurve::SampledCurve(const traces::Trace& trace, double rate)
    : group_rate_(rate / static_cast<double>(kGroups)), groups_(kGroups) {
  constexpr double kTwo32 = 4294967296.0;
  std::vector<std::uint32_t> counts(kGroups);
  const auto group_of = [&](std::uint32_t block) {
    const std::uint64_t hash = mixed(block);
    const bool in = static_cast<double>(hash >> 32) < rate * kTwo32;
    return in ? static_cast<std::uint32_t>(hash % kGroups) : kNotSampled;
  };
  std::vector<std::uint32_t> number(trace.distinct_blocks());
  for (std::uint32_t block = 0; block < number.size(); ++block) {
    const std::uint32_t group = group_of(block);
    if (group != kNotSampled) number[block] = counts[group]++, ++sampled_blocks_;
  }
  std::vector<StackDistances> distances;
  for (std::size_t g = 0; g < kGroups; ++g) {
    distances.emplace_back(counts[g], 1);
    groups_[g].hits.assign(counts[g] + 1, 0);
  }
  const auto use = [&](std::uint32_t block) {
    const std::uint32_t g = group_of(block);
    if (g == kNotSampled) return;
    StackDistances& d = distances[g];
    d.room(1);
    const std::uint32_t last = d.last_use(number[block]);
    if (last != StackDistances::kNever) {
      ++groups_[g].hits[d.used_after(last) + 1];
      d.clear(last, 1);
    }
    d.place(number[block], d.mark(1));
    ++groups_[g].accesses;
  };
  for (const traces::Extent& e : trace.columns().extents) {
    accesses_ += e.count;
    for (std::uint32_t i = 0; i < e.count; ++i) use(e.first + i);
  }
  for (Group& group : groups_)
    for (std::size_t c = 1; c < group.hits.size(); ++c) group.hits[c] += group.hits[c - 1];
}

double SampledCurve::rate_of(const Group& group, std::size_t capacity) const {
  const double expected = static_cast<double>(accesses_) * group_rate_;
  if (capacity == 0 || expected == 0) return 0;
  const double scaled = static_cast<double>(capacity) * group_rate_, whole = std::floor(scaled);
  const std::size_t last = group.hits.size() - 1, below = std::min(last, static_cast<std::size_t>(whole));
  const auto low = static_cast<double>(group.hits[below]),
             high = static_cast<double>(group.hits[std::min(last, below + 1)]);
  const double excess = expected - static_cast<double>(group.accesses);
  return std::clamp((low + (scaled - whole) * (high - low) + excess) / expected, 0.0, 1.0);
}

SampledCurve::Estimate SampledCurve::at(std::size_t capacity) const {
  double sum = 0, squares = 0;
  for (const Group& group : groups_) {
    const double rate = rate_of(group, capacity);
    sum += rate, squares += rate * rate;
  }
  constexpr auto n = static_cast<double>(kGroups);
  const double mean = sum / n;
  return {mean, std::sqrt(std::max(0.0, squares / n - mean * mean) / (n - 1))};
}

}  // namespace tiersim
