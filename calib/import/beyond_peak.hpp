#pragma once
/// Times that no device could have reached: what a slip of units looks like.
///
/// Called before a table is fitted, with the device's peak rates by variant ("bf16", "fp8"). A kernel is beyond the
/// peak if its FLOPs per second exceed it by more than a twentieth (clocks above the nominal ones). Variants without a
/// peak pass. O(samples).
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "calib/measure/sample.hpp"

namespace tiersim::calib {

using PeakRates = std::map<std::string, double>;  ///< variant: FLOP/s

struct BeyondPeak {
  std::int64_t count = 0;
  std::string worst;  ///< the point furthest beyond, in words; empty for none
  double factor = 0;  ///< by which
};

[[nodiscard]] BeyondPeak beyond_peak(const std::vector<Sample>& samples, const PeakRates& peaks);

}  // namespace tiersim::calib
