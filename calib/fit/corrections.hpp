#pragma once
/// What a law leaves: factors over one or more features, where they are not chance.
///
/// The factors are geometric means of measured over predicted around knots spaced evenly in the logarithm
/// (calib/fit/table_fit): every factor is pulled towards 1 with the weight of one point and towards its neighbours with
/// less, so that a knot with few points gets little say. A correction is kept where five-fold cross-validation within
/// the training points makes Huber's loss at least 10% smaller. At most 8 knots an axis.
#include "calib/fit/laws.hpp"

namespace tiersim::calib {

/// The best of the alternatives, or none.
[[nodiscard]] std::vector<Correction> best_correction(const Law& law,
                                                      const std::vector<std::vector<Feature>>& alternatives,
                                                      const Observations& points);

/// A law that is a constant (the geometric mean of the run's seconds, or of those of a unit of curve.per) times factors
/// at every size that was measured; a size that sticks out between its two neighbours gets the middle one of the three.
[[nodiscard]] Law fit_curve(const Curve& curve, const Observations& points);

}  // namespace tiersim::calib
