#pragma once
/// Robust fit of t = sum of the fixed columns + (sum over sides of side^p)^(1/p) to measured times.
///
/// Errors count relative to the measured time (weights 1 / t^2), with Huber's loss by reweighting (delta = 1.345 times
/// the robust sigma of the residuals, from their median absolute deviation), so that a few gross outliers move nothing.
/// The p-norm of the sides is homogeneous of degree one: with S the norm of the current sides s_i, t = fixed +
/// sum_i (s_i / S)^(p - 1) s_i holds exactly, and its weights are the derivatives. So each step is a linear problem
/// with non-negative coefficients (Gauss-Newton), damped until the error falls. p itself is found over [1, 16] in its
/// logarithm, by a scan and golden section. Called by calib/fit/laws. Deterministic; times must be positive.
#include <cstddef>
#include <vector>

namespace tiersim::calib {

struct SidesProblem {
  static constexpr int kFixed = -1;
  std::vector<int> side_of;      ///< of each column: its side, 0 to 3, or kFixed
  std::vector<double> features;  ///< row by row: times.size() x side_of.size()
  std::vector<double> times;     ///< s, positive
};

struct SidesFit {
  std::vector<double> coefficients;  ///< one a column, not negative
  double ridge = 1;                  ///< p
  double scale = 0;                  ///< robust_scale of the relative residuals
};

[[nodiscard]] SidesFit fit_sides(const SidesProblem& problem, double ridge);
/// Finds p as well; 2 where fewer than three points lie near a ridge (two sides within a factor of 3).
[[nodiscard]] SidesFit fit_sides_and_ridge(const SidesProblem& problem);

/// (predicted - measured) / measured, row by row.
[[nodiscard]] std::vector<double> relative_residuals(const SidesProblem& problem, const SidesFit& fit);

}  // namespace tiersim::calib
