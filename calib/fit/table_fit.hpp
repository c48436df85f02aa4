#pragma once
/// A table of factors fitted to what a law leaves: smooth where the data are few, and unmoved by single bad points.
///
/// Called by calib/fit/corrections. The logarithm of measured over predicted is fitted by multilinear hats around the
/// knots, by least squares reweighted with Huber's loss. Three pulls stand in for missing data, each counted in points:
/// every factor towards 1, towards its neighbours along each axis (flat), and towards the line through them (straight).
/// Normal equations are sparse (Eigen, Cholesky): a second for 3,000 knots and 30,000 points. Deterministic.
#include "calib/fit/laws.hpp"

namespace tiersim::calib {

struct Pulls {
  double towards_one = 0, flat = 0, straight = 0;
};

/// `axes` with their knots, at least one each; `log_ratios` one for each point.
[[nodiscard]] Correction fit_factors(const std::vector<Axis>& axes, const Pulls& pulls, const Observations& points,
                                     const std::vector<double>& log_ratios);

/// A correction that changes nothing.
[[nodiscard]] Correction unity_over(const std::vector<Axis>& axes);

/// The logarithms of measured over predicted.
[[nodiscard]] std::vector<double> log_ratios_of(const Law& law, const Observations& points);

}  // namespace tiersim::calib
