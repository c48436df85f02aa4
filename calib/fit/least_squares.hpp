#pragma once
/// Weighted linear least squares with coefficients that are not negative.
///
/// The active-set method of Lawson and Hanson (Solving Least Squares Problems, 1974, chapter 23), on the triangular
/// factor of the weighted rows. Columns are brought to one length first, so that features of any magnitude may stand
/// side by side. A column of zeros gets 0; of columns that depend on each other one takes all. Called by
/// calib/fit/sides with a few columns and up to thousands of rows: O(rows x columns^2). Deterministic, no errors.
#include <cstddef>
#include <vector>

namespace tiersim::calib {

struct LinearProblem {
  std::size_t columns = 0;
  std::vector<double> features;  ///< row by row: targets.size() x columns
  std::vector<double> targets;
  std::vector<double> weights;  ///< of the squared residuals; empty: 1 each
};

[[nodiscard]] std::vector<double> nonnegative_least_squares(const LinearProblem& problem);

}  // namespace tiersim::calib
