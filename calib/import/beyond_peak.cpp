#include "calib/import/beyond_peak.hpp"

namespace tiersim::calib {

BeyondPeak beyond_peak(const std::vector<Sample>& samples, const PeakRates& peaks) {
  constexpr double kTolerance = 1.05;
  BeyondPeak found;
  for (const Sample& sample : samples) {
    const auto peak = peaks.find(sample.point.variant);
    if (sample.point.family != "gemm" || peak == peaks.end() || peak->second <= 0) continue;
    const double factor = sample.flops / sample.seconds / peak->second;
    if (factor <= kTolerance) continue;
    ++found.count;
    if (factor > found.factor) found.factor = factor, found.worst = sample.point.key();
  }
  return found;
}

}  // namespace tiersim::calib
