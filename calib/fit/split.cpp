#include "calib/fit/split.hpp"

#include <algorithm>
#include <map>

namespace tiersim::calib {

namespace {

constexpr std::size_t kLeastSizes = 5;

using BySize = std::map<double, std::vector<Sample>>;

BySize grouped(const std::vector<Sample>& series, double (*size)(const Sample&)) {
  BySize groups;
  for (const Sample& sample : series) groups[size(sample)].push_back(sample);
  return groups;
}

double operations_of(const Sample& s) { return s.point.at("operations", 0); }

/// By the first measure of size that tells five sizes apart, else by the first that applies.
BySize by_size(const std::vector<Sample>& series) {
  const auto flops = [](const Sample& s) { return s.flops; };
  const auto bytes = [](const Sample& s) { return s.bytes; };
  const auto piece = [](const Sample& s) { return s.bytes / std::max(1.0, operations_of(s)); };
  if (std::any_of(series.begin(), series.end(), [](const Sample& s) { return s.flops > 0; })) {
    return grouped(series, flops);
  }
  for (const auto size : {+bytes, +piece, +operations_of}) {
    BySize groups = grouped(series, size);
    if (groups.size() >= kLeastSizes) return groups;
  }
  return grouped(series, bytes);
}

}  // namespace

Split split_series(const std::vector<Sample>& series) {
  Split split;
  std::size_t index = 0;
  const BySize sizes = by_size(series);
  for (const auto& [size, points] : sizes) {
    const bool held = sizes.size() >= kLeastSizes && (index % 3 == 2 || index + 2 >= sizes.size());
    auto& side = held ? split.held_out : split.train;
    side.insert(side.end(), points.begin(), points.end());
    ++index;
  }
  return split;
}

std::vector<std::vector<Sample>> series_of(const std::vector<Sample>& samples) {
  std::vector<std::vector<Sample>> out;
  std::map<std::string, std::size_t> place;
  for (const Sample& sample : samples) {
    const auto [entry, is_new] = place.try_emplace(sample.point.series(), out.size());
    if (is_new) out.emplace_back();
    out[entry->second].push_back(sample);
  }
  return out;
}

}  // namespace tiersim::calib
