#include "calib/fit/least_squares.hpp"

#include <Eigen/Dense>

#include <cmath>

namespace tiersim::calib {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// min |a x - b| for x >= 0, a with columns of length one (or zero).
class ActiveSet {
 public:
  ActiveSet(MatrixXd a, VectorXd b)
      : a_(std::move(a)), b_(std::move(b)), x_(VectorXd::Zero(a_.cols())), free_(static_cast<std::size_t>(a_.cols())) {}

  VectorXd solve() {
    // Each pass frees one column; the method ends by itself, the bound is against rounding.
    for (Index pass = 0; pass < 4 * a_.cols(); ++pass) {
      const Index next = steepest();
      if (next < 0) break;
      free_[static_cast<std::size_t>(next)] = true;
      if (!settle(next)) break;
    }
    return x_;
  }

 private:
  /// The column at its bound along which the error falls most, or -1.
  [[nodiscard]] Index steepest() const {
    const VectorXd gradient = a_.transpose() * (b_ - a_ * x_);
    Index best = -1;
    double most = 1e-12 * b_.norm();
    for (Index j = 0; j < a_.cols(); ++j) {
      if (!free_[static_cast<std::size_t>(j)] && gradient[j] > most) best = j, most = gradient[j];
    }
    return best;
  }

  /// Moves to the optimum over the free columns, giving up those that would turn negative. False if the column that was
  /// just freed is the first to go: then rounding alone had called for it.
  bool settle(Index freed) {
    while (true) {
      const VectorXd goal = unconstrained();
      if (goal[freed] <= 0 && x_[freed] == 0) return free_[static_cast<std::size_t>(freed)] = false;
      double step = 1;
      for (Index j = 0; j < x_.size(); ++j) {
        if (free_[static_cast<std::size_t>(j)] && goal[j] <= 0) step = std::min(step, x_[j] / (x_[j] - goal[j]));
      }
      x_ += step * (goal - x_);
      if (step == 1) return true;
      for (Index j = 0; j < x_.size(); ++j) {
        if (free_[static_cast<std::size_t>(j)] && x_[j] <= 1e-15) x_[j] = 0, free_[static_cast<std::size_t>(j)] = false;
      }
    }
  }

  [[nodiscard]] VectorXd unconstrained() const {
    std::vector<Index> columns;
    for (Index j = 0; j < a_.cols(); ++j) {
      if (free_[static_cast<std::size_t>(j)]) columns.push_back(j);
    }
    const VectorXd part = a_(Eigen::all, columns).colPivHouseholderQr().solve(b_);
    VectorXd goal = VectorXd::Zero(a_.cols());
    for (std::size_t i = 0; i < columns.size(); ++i) goal[columns[i]] = part[static_cast<Index>(i)];
    return goal;
  }

  MatrixXd a_;
  VectorXd b_, x_;
  std::vector<bool> free_;
};

}  // namespace

std::vector<double> nonnegative_least_squares(const LinearProblem& problem) {
  const auto rows = static_cast<Index>(problem.targets.size()), columns = static_cast<Index>(problem.columns);
  MatrixXd all(rows, columns + 1);
  for (Index i = 0; i < rows; ++i) {
    const auto r = static_cast<std::size_t>(i);
    const double root = problem.weights.empty() ? 1.0 : std::sqrt(problem.weights[r]);
    for (Index j = 0; j < columns; ++j) {
      all(i, j) = root * problem.features[r * problem.columns + static_cast<std::size_t>(j)];
    }
    all(i, columns) = root * problem.targets[r];
  }
  VectorXd lengths = all.leftCols(columns).colwise().norm();
  for (Index j = 0; j < columns; ++j) {
    if (lengths[j] > 0) all.col(j) /= lengths[j];
  }
  // Rotating the rows onto a triangle changes no length: the method then works on a few rows.
  if (rows > columns + 1) {
    const MatrixXd triangle = Eigen::HouseholderQR<MatrixXd>(all).matrixQR().topRows(columns + 1);
    all = triangle.triangularView<Eigen::Upper>();
  }
  const VectorXd x = ActiveSet(all.leftCols(columns), all.col(columns)).solve();
  std::vector<double> out(problem.columns);
  for (Index j = 0; j < columns; ++j) out[static_cast<std::size_t>(j)] = lengths[j] > 0 ? x[j] / lengths[j] : 0;
  return out;
}

}  // namespace tiersim::calib
