#include "calib/host/sizes.hpp"

#include <algorithm>
#include <cmath>

namespace tiersim::calib {
namespace {

constexpr int kDraws = 200;

SizeRange whole_quanta(const SizeRange& range) {
  const std::int64_t q = range.quantum;
  return {(range.low + q - 1) / q * q, range.high / q * q, q};
}

std::int64_t rounded(double size, const SizeRange& inner) {
  const auto quanta = static_cast<std::int64_t>(std::llround(size / static_cast<double>(inner.quantum)));
  return std::clamp(quanta * inner.quantum, inner.low, inner.high);
}

Point point_at(const SizeSeries& series, std::int64_t size) {
  return {series.family, series.kernel, series.variant, {{series.parameter, static_cast<double>(size)}}};
}

}  // namespace

std::vector<std::int64_t> spread(const SizeRange& range, double per_octave) {
  const SizeRange inner = whole_quanta(range);
  if (inner.low > inner.high || inner.low <= 0) return {};
  const double octaves = std::log2(static_cast<double>(inner.high) / static_cast<double>(inner.low));
  const auto steps = static_cast<int>(std::llround(octaves * per_octave));
  std::vector<std::int64_t> sizes{inner.low};
  for (int i = 1; i <= steps; ++i) {
    sizes.push_back(rounded(static_cast<double>(inner.low) * std::exp2(octaves * i / steps), inner));
  }
  sizes.push_back(inner.high);
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

std::optional<std::int64_t> fresh_size(Rng& rng, const SizeRange& range, const std::vector<std::int64_t>& taken) {
  const SizeRange inner = whole_quanta(range);
  if (inner.low > inner.high || inner.low <= 0) return std::nullopt;
  const double octaves = std::log2(static_cast<double>(inner.high) / static_cast<double>(inner.low));
  for (int i = 0; i < kDraws; ++i) {
    const std::int64_t size = rounded(static_cast<double>(inner.low) * std::exp2(octaves * rng.uniform()), inner);
    if (std::find(taken.begin(), taken.end(), size) == taken.end()) return size;
  }
  return std::nullopt;
}

std::vector<Point> grid_of(const std::vector<SizeSeries>& all) {
  std::vector<Point> points;
  for (const SizeSeries& series : all) {
    for (const std::int64_t size : spread(series.range, series.per_octave)) points.push_back(point_at(series, size));
  }
  return points;
}

std::vector<Point> fresh_of(const std::vector<SizeSeries>& all, Rng& rng, std::size_t count) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < count && !all.empty(); ++i) {
    const SizeSeries& series = all[rng.below(all.size())];
    const auto size = fresh_size(rng, series.range, spread(series.range, series.per_octave));
    if (size) points.push_back(point_at(series, *size));
  }
  return points;
}

}  // namespace tiersim::calib
