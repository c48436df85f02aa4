#pragma once
/// From the training points of one series to its law.
///
/// Every form of the recipe is fitted robustly (calib/fit/sides), its bytes cut into segments where that explains more
/// (calib/fit/segments), and the best form by information() is kept, with a correction where cross-validation within
/// the training points asks for one (calib/fit/corrections). Numbers are rounded to the six digits that a profile
/// holds, so that the law in memory is the law on disk. The caller names the law. `points` is not empty, in the order
/// of size; times are positive. Milliseconds to a second a series. Deterministic.
#include <vector>

#include "calib/fit/observation.hpp"
#include "calib/fit/recipes.hpp"

namespace tiersim::calib {

using Observations = std::vector<Observation>;

[[nodiscard]] Law fit_law(const Recipe& recipe, const Observations& points);

/// A form with its numbers.
struct Fitted {
  Form form;
  double scale = 0;            ///< robust_scale of the relative residuals
  std::size_t parameters = 0;  ///< coefficients above zero, the ridge, knots twice
};

/// With this ridge, or with the best one.
[[nodiscard]] Fitted fit_form(const Form& form, const Observations& points, std::optional<double> ridge = {});

/// Bayesian information criterion of a fit to so many points; smaller is better. Differences below 0.3% of the time
/// count for nothing: machines do not repeat themselves better than that.
[[nodiscard]] double information(const Fitted& fitted, std::size_t points);

/// Relative residuals (predicted - measured) / measured of a law.
[[nodiscard]] std::vector<double> residuals_of(const Law& law, const Observations& points);

/// Six significant digits.
[[nodiscard]] double rounded_to_six(double value);

}  // namespace tiersim::calib
