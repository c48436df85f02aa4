#include "calib/fit/corrections.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "calib/fit/robust.hpp"

namespace tiersim::calib {
namespace {

constexpr double kTowardsOne = 1, kTowardsNeighbours = 0.2;  // in points
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

/// An empty table with no more knots than half of the points; no knots where the features do not vary.
Correction table_over(const Axes& axes, const Observations& points) {
  const std::size_t most = points.size() / 2;
  Correction table;
  table.x = axes.x, table.y = axes.y.value_or(axes.x);
  const auto side = static_cast<std::size_t>(std::sqrt(static_cast<double>(most)));
  table.x_knots = knots_over(axes.x, points, std::min(kMostKnots, axes.y ? side : most));
  if (axes.y) table.y_knots = knots_over(*axes.y, points, std::min(kMostKnots, side));
  if (axes.y && table.y_knots.empty()) table.x_knots.clear();
  return table;
}

/// The two knots around x and their shares.
using Hats = std::array<std::pair<std::size_t, double>, 2>;
Hats hats_at(const std::vector<double>& knots, double x) {
  if (knots.empty() || x <= knots.front()) return {{{0, 1}, {0, 0}}};
  if (x >= knots.back()) return {{{knots.size() - 1, 1}, {0, 0}}};
  const auto above = static_cast<std::size_t>(std::upper_bound(knots.begin(), knots.end(), x) - knots.begin());
  const double share = std::log(x / knots[above - 1]) / std::log(knots[above] / knots[above - 1]);
  return {{{above - 1, 1 - share}, {above, share}}};
}

class TableFit {
 public:
  TableFit(Correction table, const Observations& points) : table_(std::move(table)), points_(points) {
    width_ = std::max<std::size_t>(1, table_.y_knots.size());
    size_ = table_.x_knots.size() * width_;
  }

  /// `log_ratios`: of measured over predicted. Empty without knots.
  Correction fit(const std::vector<double>& log_ratios) {
    if (size_ < 2) return {};
    Eigen::VectorXd factors = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(size_));
    for (int pass = 0; pass < 8; ++pass) factors = solve(log_ratios, weights(log_ratios, factors));
    for (double factor : factors) table_.factors.push_back(std::exp(factor));
    return table_;
  }

 private:
  [[nodiscard]] std::vector<std::pair<Eigen::Index, double>> row(const Observation& point) const {
    std::vector<std::pair<Eigen::Index, double>> out;
    for (const auto& [i, share_x] : hats_at(table_.x_knots, feature_of(table_.x, point))) {
      for (const auto& [j, share_y] : hats_at(table_.y_knots, feature_of(table_.y, point))) {
        if (share_x * share_y > 0) out.emplace_back(static_cast<Eigen::Index>(i * width_ + j), share_x * share_y);
      }
    }
    return out;
  }

  [[nodiscard]] std::vector<double> weights(const std::vector<double>& log_ratios,
                                            const Eigen::VectorXd& factors) const {
    std::vector<double> rest(log_ratios);
    for (std::size_t p = 0; p < rest.size(); ++p) {
      for (const auto& [i, share] : row(points_[p])) rest[p] -= share * factors[i];
    }
    const double sigma = robust_scale(rest);
    for (double& r : rest) r = huber_weight(r / sigma);
    return rest;
  }

  [[nodiscard]] Eigen::VectorXd solve(const std::vector<double>& log_ratios, const std::vector<double>& weight) const {
    Eigen::MatrixXd a = penalties();
    Eigen::VectorXd b = Eigen::VectorXd::Zero(a.rows());
    for (std::size_t p = 0; p < log_ratios.size(); ++p) {
      const auto hats = row(points_[p]);
      for (const auto& [i, share_i] : hats) {
        b[i] += weight[p] * share_i * log_ratios[p];
        for (const auto& [j, share_j] : hats) a(i, j) += weight[p] * share_i * share_j;
      }
    }
    return a.ldlt().solve(b);
  }

  [[nodiscard]] Eigen::MatrixXd penalties() const {
    const auto n = static_cast<Eigen::Index>(size_), width = static_cast<Eigen::Index>(width_);
    Eigen::MatrixXd a = kTowardsOne * Eigen::MatrixXd::Identity(n, n);
    const auto tie = [&](Eigen::Index i, Eigen::Index j) {
      a(i, i) += kTowardsNeighbours, a(j, j) += kTowardsNeighbours;
      a(i, j) -= kTowardsNeighbours, a(j, i) -= kTowardsNeighbours;
    };
    for (Eigen::Index i = 0; i < n; ++i) {
      if (i + width < n) tie(i, i + width);
      if (i % width + 1 < width) tie(i, i + 1);
    }
    return a;
  }

  Correction table_;
  const Observations& points_;
  std::size_t width_ = 1, size_ = 0;
};

Correction fit_table(const Law& law, const Correction& table, const Observations& points) {
  std::vector<double> log_ratios;
  for (double r : residuals_of(law, points)) log_ratios.push_back(-std::log1p(r));
  return TableFit(table, points).fit(log_ratios);
}

double loss_of(const Law& law, const Observations& points, double sigma) {
  double sum = 0;
  for (double r : residuals_of(law, points)) sum += huber_loss(r / sigma);
  return sum;
}

/// Huber's loss on points that the table was not fitted to.
double cross_validated(const Law& law, const Correction& table, const Observations& points, double sigma) {
  constexpr std::size_t kFolds = 5;
  double sum = 0;
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    Observations kept, left_out;
    for (std::size_t i = 0; i < points.size(); ++i) (i % kFolds == fold ? left_out : kept).push_back(points[i]);
    Law corrected = law;
    corrected.correction = fit_table(law, table, kept);
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

Correction best_correction(const Law& law, const std::vector<Axes>& alternatives, const Observations& points) {
  constexpr std::size_t kLeastPoints = 8;
  if (points.size() < kLeastPoints) return {};
  const double sigma = robust_scale(residuals_of(law, points));
  double least = 0.9 * loss_of(law, points, sigma);
  Correction best;
  for (const Axes& axes : alternatives) {
    const Correction table = table_over(axes, points);
    if (table.x_knots.empty()) continue;
    if (const double loss = cross_validated(law, table, points, sigma); loss < least) least = loss, best = table;
  }
  return best.x_knots.empty() ? best : fit_table(law, best, points);
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
  law.correction.x = curve.over;
  std::vector<double> medians;
  for (auto& [size, of_size] : logs) {
    law.correction.x_knots.push_back(size);
    medians.push_back(median_of(of_size));
  }
  for (double log : middle_of_three(medians)) law.correction.factors.push_back(std::exp(log) / constant);
  return law;
}

}  // namespace tiersim::calib
