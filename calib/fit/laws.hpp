#pragma once
/// From the training points of one series to its law.
///
/// Every form of the recipe is fitted robustly (calib/fit/sides), its bytes cut into segments where that explains more
/// (calib/fit/segments), and the best form by information() is kept, with a correction where cross-validation within
/// the training points asks for one (calib/fit/corrections). Numbers are rounded to the six digits that a profile
/// holds (factors to four, those of `tables` to three: they are thousands), so that the law in memory is the law on
/// disk. The caller names the law. `points` is not empty, in the order of size; times are positive. Milliseconds to a
/// second a series. Deterministic.
#include <vector>

#include "calib/fit/observation.hpp"
#include "calib/fit/recipes.hpp"

namespace tiersim::calib {

using Observations = std::vector<Observation>;

[[nodiscard]] Law fit_law(const Recipe& recipe, const Observations& points);

/// A form with its numbers.
struct Fitted {
  Form form;
  std::vector<double> residuals;  ///< relative, of the points that it was fitted to
  std::size_t parameters = 0;     ///< coefficients above zero, the ridge, knots twice
};

/// With this ridge, or with the best one.
[[nodiscard]] Fitted fit_form(const Form& form, const Observations& points, std::optional<double> ridge = {});

/// Bayesian information criterion of normal residuals at their robust scale, each counting at most as three standard
/// deviations, so that a gross outlier is not worth the parameters that would explain it; smaller is better.
/// Differences below 0.3% of the time count for nothing: machines do not repeat themselves better than that.
[[nodiscard]] double information(const Fitted& fitted);

/// Relative residuals (predicted - measured) / measured of a law.
[[nodiscard]] std::vector<double> residuals_of(const Law& law, const Observations& points);

/// Six significant digits.
[[nodiscard]] double rounded_to_six(double value);

}  // namespace tiersim::calib
