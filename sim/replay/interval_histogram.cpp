#include "sim/replay/interval_histogram.hpp"

#include <cmath>

namespace tiersim {

Duration IntervalHistogram::Cell::mean() const { return Duration(std::llround(sum / static_cast<double>(count))); }

Duration IntervalHistogram::mean() const {
  double sum = 0;
  for (const Cell& cell : cells_) sum += cell.sum;
  return count_ == 0 ? Duration(0) : Cell{count_, sum}.mean();
}

Duration IntervalHistogram::percentile(std::uint64_t percent) const {
  const std::uint64_t place = (percent * count_ + 99) / 100;
  std::uint64_t up_to = 0;
  for (const Cell& cell : cells_) {
    up_to += cell.count;
    if (cell.count > 0 && up_to >= place) return cell.mean();
  }
  return Duration(0);
}

std::vector<IntervalHistogram::Step> IntervalHistogram::cumulated() const {
  std::vector<Step> out;
  std::uint64_t up_to = 0;
  for (const Cell& cell : cells_) {
    up_to += cell.count;
    if (cell.count > 0) out.push_back({cell.mean(), up_to});
  }
  return out;
}

}  // namespace tiersim
