#include "calib/cuda/sweep.hpp"

#include <algorithm>
#include <cmath>

namespace tiersim::calib {
namespace {

constexpr int kDraws = 64;  // until a value is off the grid; a narrow range may have none

double rounded(double value, double grain) { return std::max(grain, std::round(value / grain) * grain); }

double fresh_value(const Axis& axis, Rng& rng) {
  const auto& values = axis.values;
  if (axis.grain == 0 || values.size() < 2) return values[rng.below(values.size())];
  const double low = std::log(values.front()), high = std::log(values.back());
  double value = values.front();
  for (int i = 0; i < kDraws; ++i) {
    value = rounded(std::exp(low + (high - low) * rng.uniform()), axis.grain);
    value = std::clamp(value, values.front(), values.back());
    if (std::find(values.begin(), values.end(), value) == values.end()) break;
  }
  return value;
}

}  // namespace

std::vector<Point> points_of(const Sweep& sweep) {
  std::vector<Point> points{{sweep.family, sweep.kernel, sweep.variant, {}}};
  for (const Axis& axis : sweep.axes) {
    std::vector<Point> longer;
    for (const Point& point : points) {
      for (const double value : axis.values) {
        longer.push_back(point);
        longer.back().parameters.push_back({axis.name, value});
      }
    }
    points = std::move(longer);
  }
  return points;
}

Point fresh_point(const Sweep& sweep, Rng& rng) {
  Point point{sweep.family, sweep.kernel, sweep.variant, {}};
  for (const Axis& axis : sweep.axes) point.parameters.push_back({axis.name, fresh_value(axis, rng)});
  return point;
}

std::vector<double> geometric(double low, double high, double ratio, double grain) {
  std::vector<double> values;
  for (double x = low; x <= high * 1.000001; x *= ratio) {
    const double value = rounded(x, grain);
    if (values.empty() || value > values.back()) values.push_back(value);
  }
  return values;
}

}  // namespace tiersim::calib
