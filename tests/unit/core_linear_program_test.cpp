#include <doctest/doctest.h>

#include <algorithm>

#include "sim/core/linear_program.hpp"
#include "sim/core/rng.hpp"

using namespace tiersim;

namespace {

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

bool keeps_limits(const LinearProgram& program, const std::vector<double>& x) {
  for (std::size_t i = 0; i < program.rows.size(); ++i)
    if (dot(program.rows[i], x) > program.limits[i] + 1e-7) return false;
  return std::all_of(x.begin(), x.end(), [](double value) { return value >= -1e-9; });
}

}  // namespace

TEST_CASE("does a linear program find the corner worked out by hand?") {
  // Most of 3x + 5y with x <= 4, 2y <= 12, 3x + 2y <= 18 is 36 at (2, 6).
  const auto x = solve({{-3, -5}, {{1, 0}, {0, 2}, {3, 2}}, {4, 12, 18}});
  REQUIRE(x.has_value());
  CHECK((*x)[0] == doctest::Approx(2));
  CHECK((*x)[1] == doctest::Approx(6));
}

TEST_CASE("does a linear program start where the origin breaks a limit?") {
  // Least of 2x + 3y with x + y >= 4, x <= 3: x = 3, y = 1.
  const auto x = solve({{2, 3}, {{-1, -1}, {1, 0}}, {-4, 3}});
  REQUIRE(x.has_value());
  CHECK((*x)[0] == doctest::Approx(3));
  CHECK((*x)[1] == doctest::Approx(1));
}

TEST_CASE("does a linear program say where there is no solution, or no least one?") {
  CHECK_FALSE(solve({{1}, {{1}, {-1}}, {1, -2}}).has_value());  // x <= 1 and x >= 2
  CHECK_FALSE(solve({{-1}, {{-1}}, {1}}).has_value());          // x without end
}

TEST_CASE("are two solutions of a linear program the same to the bit, where many are as good?") {
  const LinearProgram program{{-1, -1, -1}, {{1, 1, 1}, {0.3, 0.7, 0.1}, {0.9, 0.2, 0.6}}, {1, 0.5, 0.7}};
  const auto x = solve(program);
  REQUIRE(x.has_value());
  CHECK((*x)[0] + (*x)[1] + (*x)[2] == doctest::Approx(1));
  CHECK(solve(program) == x);
}

TEST_CASE("is no point of a grid that keeps the limits cheaper than the solution?") {
  Rng rng(7);
  int solved = 0;
  for (int round = 0; round < 200; ++round) {
    const auto draw = [&](double low, double high) { return low + (high - low) * rng.uniform(); };
    LinearProgram program{{draw(-1, 1), draw(-1, 1), draw(-1, 1)}, {{1, 1, 1}}, {1}};
    for (int i = 0; i < 4; ++i) {
      program.rows.push_back({draw(-1, 1), draw(-1, 1), draw(-1, 1)});
      program.limits.push_back(draw(-0.3, 0.7));
    }
    const auto x = solve(program);
    if (x) CHECK(keeps_limits(program, *x));
    solved += x ? 1 : 0;
    for (int a = 0; a <= 20; ++a) {
      for (int b = 0; a + b <= 20; ++b) {
        for (int c = 0; a + b + c <= 20; ++c) {
          const std::vector<double> point = {a / 20.0, b / 20.0, c / 20.0};
          if (!keeps_limits(program, point)) continue;
          REQUIRE(x.has_value());
          CHECK(dot(program.costs, *x) <= dot(program.costs, point) + 1e-6);
        }
      }
    }
  }
  CHECK(solved > 50);
}
