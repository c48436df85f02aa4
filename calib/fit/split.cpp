#include "calib/fit/split.hpp"

#include <algorithm>
#include <map>

namespace tiersim::calib {

Split split_series(const std::vector<Sample>& series) {
  constexpr std::size_t kLeastSizes = 5;
  const bool computes = std::any_of(series.begin(), series.end(), [](const Sample& s) { return s.flops > 0; });
  std::map<double, std::vector<Sample>> by_size;
  for (const Sample& sample : series) by_size[computes ? sample.flops : sample.bytes].push_back(sample);
  Split split;
  std::size_t index = 0;
  for (const auto& [size, points] : by_size) {
    const bool held = by_size.size() >= kLeastSizes && (index % 3 == 2 || index + 2 >= by_size.size());
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
