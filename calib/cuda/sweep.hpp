#pragma once
/// The sizes of a series: a few axes with their values, all combined; and fresh sizes between them.
///
/// Families declare their grids with it. points_of() combines all values, the last axis fastest. fresh_point() draws
/// along each axis log-uniformly between its ends, rounded to multiples of its grain and off its values; an axis with
/// grain 0 is a choice (a group size, a head dimension) from which a value is picked. No CUDA; deterministic.
#include <string>
#include <vector>

#include "calib/measure/sample.hpp"
#include "sim/core/rng.hpp"

namespace tiersim::calib {

struct Axis {
  std::string name;
  std::vector<double> values;  ///< ascending; multiples of the grain
  double grain = 1;
};

struct Sweep {
  std::string family, kernel, variant;
  std::vector<Axis> axes;
};

[[nodiscard]] std::vector<Point> points_of(const Sweep& sweep);
[[nodiscard]] Point fresh_point(const Sweep& sweep, Rng& rng);

/// low, low * ratio, ... up to `high`, rounded to multiples of the grain; ratio above 1.
[[nodiscard]] std::vector<double> geometric(double low, double high, double ratio, double grain = 1);

}  // namespace tiersim::calib
