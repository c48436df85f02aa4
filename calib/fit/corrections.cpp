#include "calib/fit/corrections.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "calib/fit/robust.hpp"
#include "calib/fit/table_fit.hpp"

namespace tiersim::calib {
namespace {

constexpr Pulls kPulls{.towards_one = 1, .flat = 0.2, .straight = 0};
constexpr std::size_t kMostKnots = 8;

double feature_of(Feature feature, const Observation& point) { return value_of(feature, point.work); }

/// Knots from the least to the largest value, at least an octave apart; fewer than two where there is no range.
std::vector<double> knots_over(Feature feature, const Observations& points, std::size_t most) {
  double low = INFINITY, high = 0;
  for (const Observation& point : points) {
    low = std::min(low, feature_of(feature, point)), high = std::max(high, feature_of(feature, point));
  }
  if (!(low > 0) || high < 2 * low || most < 2) return {};
  const double octaves = std::log2(high / low);
  const auto count = std::min(most, static_cast<std::size_t>(octaves) + 1);
  std::vector<double> knots;
  for (std::size_t i = 0; i < count; ++i) {
    knots.push_back(low * std::exp2(octaves * static_cast<double>(i) / static_cast<double>(count - 1)));
  }
  return knots;
}

/// Axes with no more knots than half of the points; none where a feature does not vary.
std::vector<Axis> axes_over(const std::vector<Feature>& features, const Observations& points) {
  const double most = static_cast<double>(points.size() / 2);
  const auto side = static_cast<std::size_t>(features.size() > 1 ? std::sqrt(most) : most);
  std::vector<Axis> axes;
  for (Feature feature : features) {
    axes.push_back({feature, knots_over(feature, points, std::min(kMostKnots, side))});
    if (axes.back().knots.empty()) return {};
  }
  return axes;
}

Correction fit_table(const Law& law, const std::vector<Axis>& axes, const Observations& points) {
  return fit_factors(axes, kPulls, points, log_ratios_of(law, points));
}

double loss_of(const Law& law, const Observations& points, double sigma) {
  double sum = 0;
  for (double r : residuals_of(law, points)) sum += huber_loss(r / sigma);
  return sum;
}

/// Huber's loss on points that the table was not fitted to.
double cross_validated(const Law& law, const std::vector<Axis>& axes, const Observations& points, double sigma) {
  constexpr std::size_t kFolds = 5;
  double sum = 0;
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    Observations kept, left_out;
    for (std::size_t i = 0; i < points.size(); ++i) (i % kFolds == fold ? left_out : kept).push_back(points[i]);
    Law corrected = law;
    corrected.corrections = {fit_table(law, axes, kept)};
    sum += loss_of(corrected, left_out, sigma);
  }
  return sum;
}

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Steps stay as they are, single points that stick out do not.
std::vector<double> middle_of_three(const std::vector<double>& values) {
  std::vector<double> out = values;
  for (std::size_t i = 1; i + 1 < values.size(); ++i) {
    const double low = std::min(values[i - 1], values[i + 1]), high = std::max(values[i - 1], values[i + 1]);
    out[i] = std::clamp(values[i], low, high);
  }
  return out;
}

}  // namespace

std::vector<Correction> best_correction(const Law& law, const std::vector<std::vector<Feature>>& alternatives,
                                        const Observations& points) {
  constexpr std::size_t kLeastPoints = 8;
  if (points.size() < kLeastPoints) return {};
  const double sigma = robust_scale(residuals_of(law, points));
  double least = 0.9 * loss_of(law, points, sigma);
  std::vector<Axis> best;
  for (const std::vector<Feature>& features : alternatives) {
    const std::vector<Axis> axes = axes_over(features, points);
    if (axes.empty()) continue;
    if (const double loss = cross_validated(law, axes, points, sigma); loss < least) least = loss, best = axes;
  }
  if (best.empty()) return {};
  return {fit_table(law, best, points)};
}

Law fit_curve(const Curve& curve, const Observations& points) {
  std::map<double, std::vector<double>> logs;  // by size
  double sum = 0;
  for (const Observation& point : points) {
    const double log = std::log(point.seconds / (curve.per ? feature_of(*curve.per, point) : 1));
    logs[feature_of(curve.over, point)].push_back(log);
    sum += log;
  }
  Law law;
  const double constant = rounded_to_six(std::exp(sum / static_cast<double>(points.size())));
  if (curve.per) {
    law.sides = {{std::string(name_of(*curve.per)), {{*curve.per, constant}}}};
  } else {
    law.fixed = constant;
  }
  Correction factors{{{curve.over, {}}}, {}};
  std::vector<double> medians;
  for (auto& [size, of_size] : logs) {
    factors.axes[0].knots.push_back(size);
    medians.push_back(median_of(of_size));
  }
  for (double log : middle_of_three(medians)) factors.factors.push_back(std::exp(log) / constant);
  law.corrections = {std::move(factors)};
  return law;
}

}  // namespace tiersim::calib
