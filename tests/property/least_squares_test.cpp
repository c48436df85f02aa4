#include "calib/fit/least_squares.hpp"

#include <Eigen/Dense>
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "sim/core/rng.hpp"

using namespace tiersim;
using calib::LinearProblem;

namespace {

using Eigen::Index;

double error_of(const LinearProblem& p, const std::vector<double>& x) {
  double sum = 0;
  for (std::size_t i = 0; i < p.targets.size(); ++i) {
    double r = -p.targets[i];
    for (std::size_t j = 0; j < p.columns; ++j) r += p.features[i * p.columns + j] * x[j];
    sum += (p.weights.empty() ? 1.0 : p.weights[i]) * r * r;
  }
  return sum;
}

/// The least error over all sets of columns that may be positive, each solved without bounds.
double least_error(const LinearProblem& p) {
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t set = 0; set < (std::size_t{1} << p.columns); ++set) {
    std::vector<std::size_t> columns;
    for (std::size_t j = 0; j < p.columns; ++j) {
      if ((set >> j) % 2 == 1) columns.push_back(j);
    }
    Eigen::MatrixXd a(static_cast<Index>(p.targets.size()), static_cast<Index>(columns.size()));
    Eigen::VectorXd b(a.rows());
    for (Index i = 0; i < a.rows(); ++i) {
      const auto r = static_cast<std::size_t>(i);
      const double root = p.weights.empty() ? 1.0 : std::sqrt(p.weights[r]);
      for (Index j = 0; j < a.cols(); ++j) {
        a(i, j) = root * p.features[r * p.columns + columns[static_cast<std::size_t>(j)]];
      }
      b[i] = root * p.targets[r];
    }
    std::vector<double> x(p.columns, 0);
    if (!columns.empty()) {
      const Eigen::VectorXd part = a.completeOrthogonalDecomposition().solve(b);
      for (std::size_t j = 0; j < columns.size(); ++j) x[columns[j]] = part[static_cast<Index>(j)];
    }
    if (std::all_of(x.begin(), x.end(), [](double v) { return v >= 0; })) least = std::min(least, error_of(p, x));
  }
  return least;
}

LinearProblem random_problem(Rng& rng, bool correlated) {
  LinearProblem p;
  p.columns = 1 + rng.below(5);
  const std::size_t rows = 1 + rng.below(12);
  for (std::size_t i = 0; i < rows; ++i) {
    const double common = rng.normal();
    for (std::size_t j = 0; j < p.columns; ++j) p.features.push_back(rng.normal() + (correlated ? 20 * common : 0));
    p.targets.push_back(rng.normal() + 0.5);
    p.weights.push_back(rng.uniform());
  }
  return p;
}

}  // namespace

TEST_CASE("does the active set find the optimum that trying every set of columns finds?") {
  Rng rng(31);
  for (int i = 0; i < 400; ++i) {
    const LinearProblem p = random_problem(rng, i % 2 == 1);
    const std::vector<double> x = calib::nonnegative_least_squares(p);
    CAPTURE(i);
    for (double v : x) REQUIRE(v >= 0);
    REQUIRE(error_of(p, x) <= least_error(p) * (1 + 1e-9) + 1e-12);
  }
}

TEST_CASE("columns of any magnitude stand side by side") {
  LinearProblem p;
  p.columns = 3;
  for (int i = 1; i <= 10; ++i) {
    const double bytes = std::exp2(20 + i), flops = 1e12 * (i % 4 + 1);
    p.features.insert(p.features.end(), {1.0, bytes, flops});
    p.targets.push_back(5e-6 + 3e-12 * bytes + 2e-15 * flops);
  }
  const std::vector<double> x = calib::nonnegative_least_squares(p);
  CHECK(x[0] == doctest::Approx(5e-6).epsilon(1e-9));
  CHECK(x[1] == doctest::Approx(3e-12).epsilon(1e-9));
  CHECK(x[2] == doctest::Approx(2e-15).epsilon(1e-9));
}

TEST_CASE("a column of zeros gets nothing, and of equal columns the sum is right") {
  LinearProblem p{3, {0, 1, 1, 0, 2, 2, 0, 3, 3}, {2, 4, 6}, {}};
  const std::vector<double> x = calib::nonnegative_least_squares(p);
  CHECK(x[0] == 0);
  CHECK(x[1] + x[2] == doctest::Approx(2));
}

TEST_CASE("a weight of two counts like the row twice") {
  const LinearProblem weighted{1, {1, 1}, {1, 4}, {2, 1}}, repeated{1, {1, 1, 1}, {1, 1, 4}, {}};
  CHECK(calib::nonnegative_least_squares(weighted)[0] ==
        doctest::Approx(calib::nonnegative_least_squares(repeated)[0]).epsilon(1e-12));
}
