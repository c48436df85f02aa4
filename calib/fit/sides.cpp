#include "calib/fit/sides.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "calib/fit/golden_section.hpp"
#include "calib/fit/least_squares.hpp"
#include "calib/fit/robust.hpp"
#include "sim/core/diagnostics.hpp"

namespace tiersim::calib {
namespace {

/// Fits with one p; everything is relative: row i of the features is divided by times[i], so that the target is 1.
class Solver {
 public:
  explicit Solver(const SidesProblem& problem)
      : problem_(problem), rows_(problem.times.size()), columns_(problem.side_of.size()) {
    for (int side : problem.side_of) sides_ = std::max(sides_, side + 1);
    ensure(sides_ <= kMostSides, "a law has at most four sides");
    relative_.resize(rows_ * columns_);
    for (std::size_t i = 0; i < relative_.size(); ++i) relative_[i] = problem.features[i] / problem.times[i / columns_];
  }

  [[nodiscard]] SidesFit fit(double p) const {
    SidesFit best = descend(envelope(), p);
    if (p == 1 || sides_ < 2) return best;
    // A side that starts at nothing stays there, so the sum of all sides is a start only where it has them all.
    std::vector<double> start = descend(envelope(), 1).coefficients;
    const std::vector<double> least = envelope();
    for (std::size_t j = 0; j < columns_; ++j) start[j] = std::max(start[j], 0.3 * least[j]);
    SidesFit other = descend(start, p);
    return other.scale < best.scale ? other : best;
  }

  [[nodiscard]] SidesFit descend(std::vector<double> coefficients, double p) const {
    std::vector<double> weights(rows_, 1);
    for (int pass = 0; pass < 60; ++pass) {
      const std::vector<double> goal = linear_step(coefficients, weights, p);
      const std::vector<double> next = damped(coefficients, goal, weights, p);
      const double change = distance(coefficients, next);
      coefficients = next;
      weights = huber_weights(residuals(coefficients, p));
      if (change < 1e-6 && pass > 2) break;
    }
    const double scale = robust_scale(residuals(coefficients, p));
    return {std::move(coefficients), p, scale};
  }

  [[nodiscard]] std::vector<double> residuals(const std::vector<double>& coefficients, double p) const {
    std::vector<double> out(rows_);
    for (std::size_t i = 0; i < rows_; ++i) {
      const Row row = row_at(i, coefficients, p);
      out[i] = row.fixed + row.norm - 1;
    }
    return out;
  }

  /// Rows whose second largest side is within a factor of 3 of the largest.
  [[nodiscard]] std::size_t near_ridge(const std::vector<double>& coefficients) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < rows_; ++i) {
      Sides sides = row_at(i, coefficients, 1).sides;
      std::sort(sides.begin(), sides.end(), std::greater<>());
      if (sides[1] > sides[0] / 3) ++count;
    }
    return count;
  }

 private:
  static constexpr int kMostSides = 4;
  using Sides = std::array<double, kMostSides>;
  struct Row {
    double fixed = 0, norm = 0;
    Sides sides{};
  };

  [[nodiscard]] Row row_at(std::size_t i, const std::vector<double>& coefficients, double p) const {
    Row row;
    for (std::size_t j = 0; j < columns_; ++j) {
      const double seconds = coefficients[j] * relative_[i * columns_ + j];
      const int side = problem_.side_of[j];
      (side < 0 ? row.fixed : row.sides[static_cast<std::size_t>(side)]) += seconds;
    }
    double largest = 0, sum = 0;
    for (double side : row.sides) largest = std::max(largest, side);
    if (largest <= 0) return row;
    for (double side : row.sides) sum += side > 0 ? std::pow(side / largest, p) : 0;
    row.norm = largest * std::pow(sum, 1 / p);
    return row;
  }

  /// Coefficients that no side can exceed, since no side takes longer than the whole.
  [[nodiscard]] std::vector<double> envelope() const {
    std::vector<double> out(columns_, 0);
    for (std::size_t j = 0; j < columns_; ++j) {
      std::vector<double> most;
      for (std::size_t i = 0; i < rows_; ++i) {
        if (relative_[i * columns_ + j] > 0) most.push_back(1 / relative_[i * columns_ + j]);
      }
      if (most.empty()) continue;
      std::sort(most.begin(), most.end());
      const auto sharing = std::count(problem_.side_of.begin(), problem_.side_of.end(), problem_.side_of[j]);
      out[j] = most[most.size() / 10] / static_cast<double>(sharing);
    }
    return out;
  }

  [[nodiscard]] std::vector<double> linear_step(const std::vector<double>& coefficients,
                                                const std::vector<double>& weights, double p) const {
    LinearProblem linear{columns_, relative_, std::vector<double>(rows_, 1.0), weights};
    if (p > 1 && sides_ > 1) {
      for (std::size_t i = 0; i < rows_; ++i) {
        const Row row = row_at(i, coefficients, p);
        if (row.norm <= 0) continue;
        for (std::size_t j = 0; j < columns_; ++j) {
          const int side = problem_.side_of[j];
          if (side < 0) continue;
          linear.features[i * columns_ + j] *= std::pow(row.sides[static_cast<std::size_t>(side)] / row.norm, p - 1);
        }
      }
    }
    return nonnegative_least_squares(linear);
  }

  [[nodiscard]] double error(const std::vector<double>& coefficients, const std::vector<double>& weights,
                             double p) const {
    const std::vector<double> r = residuals(coefficients, p);
    double sum = 0;
    for (std::size_t i = 0; i < rows_; ++i) sum += weights[i] * r[i] * r[i];
    return sum;
  }

  /// As far towards the goal as the error falls.
  [[nodiscard]] std::vector<double> damped(const std::vector<double>& from, const std::vector<double>& goal,
                                           const std::vector<double>& weights, double p) const {
    if (p == 1 || sides_ < 2) return goal;
    const double before = error(from, weights, p);
    std::vector<double> next(columns_);
    for (double step = 1; step > 1e-3; step /= 2) {
      for (std::size_t j = 0; j < columns_; ++j) next[j] = from[j] + step * (goal[j] - from[j]);
      if (error(next, weights, p) <= before) return next;
    }
    return from;
  }

  [[nodiscard]] static std::vector<double> huber_weights(std::vector<double> r) {
    const double sigma = sigma_of(r);
    for (double& value : r) value = huber_weight(value / sigma);
    return r;
  }

  /// The largest relative change of a coefficient.
  [[nodiscard]] static double distance(const std::vector<double>& a, const std::vector<double>& b) {
    double most = 0;
    for (std::size_t j = 0; j < a.size(); ++j) {
      if (a[j] != b[j]) most = std::max(most, std::abs(a[j] - b[j]) / std::max(a[j], b[j]));
    }
    return most;
  }

  const SidesProblem& problem_;
  std::size_t rows_, columns_;
  int sides_ = 0;
  std::vector<double> relative_;
};

}  // namespace

SidesFit fit_sides(const SidesProblem& problem, double ridge) { return Solver(problem).fit(ridge); }

SidesFit fit_sides_and_ridge(const SidesProblem& problem) {
  const Solver solver(problem);
  SidesFit best = solver.fit(2);
  if (solver.near_ridge(best.coefficients) < 3) return best;
  constexpr double kStep = 0.34657359027997264;  // half of log 2
  for (int i = 0; i <= 8; ++i) {
    SidesFit fit = solver.fit(std::exp(i * kStep));
    if (fit.scale < best.scale) best = std::move(fit);
  }
  // From here on the scale is a yardstick, and Huber's loss finds the minimum more sharply.
  const double sigma = best.scale;
  const std::vector<double> start = best.coefficients;
  const auto loss = [&](double log_p) {
    const SidesFit fit = solver.descend(start, std::exp(log_p));
    double sum = 0;
    for (double r : solver.residuals(fit.coefficients, fit.ridge)) sum += huber_loss(r / sigma);
    return sum;
  };
  const double middle = std::log(best.ridge);
  const double log_p = golden_section(std::max(0.0, middle - kStep), std::min(8 * kStep, middle + kStep), 1e-3, loss);
  return solver.descend(start, std::exp(log_p));
}

std::vector<double> relative_residuals(const SidesProblem& problem, const SidesFit& fit) {
  return Solver(problem).residuals(fit.coefficients, fit.ridge);
}

}  // namespace tiersim::calib
