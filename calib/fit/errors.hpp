#pragma once
/// How far predictions are off, by series and by family.
///
/// Errors are relative to the measured time; quantiles interpolate between order statistics. Called by calibration
/// (train and held-out points) and validation (fresh points). Rows come in the order in which their group first
/// appears; rows of a family have no kernel and variant. O(n log n).
#include <string>
#include <vector>

#include "calib/measure/sample.hpp"
#include "calib/profile.hpp"

namespace tiersim::calib {

struct Prediction {
  std::string family, kernel, variant, set;
  double predicted = 0, measured = 0;  ///< s
};

/// The row of these predictions, which are of one group; all zeros for none.
[[nodiscard]] ErrorRow error_row(const std::vector<Prediction>& predictions);
[[nodiscard]] std::vector<ErrorRow> errors_by_series(const std::vector<Prediction>& predictions);
[[nodiscard]] std::vector<ErrorRow> errors_by_family(const std::vector<Prediction>& predictions);

}  // namespace tiersim::calib
