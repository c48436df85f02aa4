#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "sim/core/mathematics.hpp"
#include "sim/core/quick_mathematics.hpp"
#include "sim/core/rng.hpp"

using namespace tiersim;

namespace {

constexpr int kDraws = 100'000;

/// Distance in units in the last place of the true value, which long double gives.
double ulps(double got, long double want) {
  const double rounded_want = std::abs(static_cast<double>(want));
  const double unit = std::nextafter(rounded_want, std::numeric_limits<double>::infinity()) - rounded_want;
  return static_cast<double>(std::abs(static_cast<long double>(got) - want)) / unit;
}

}  // namespace

TEST_CASE("exp is within 2 units in the last place of libm's") {
  Rng rng(11);
  double worst = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = (rng.uniform() - 0.5) * 1400;
    worst = std::max(worst, ulps(exponential(x), std::exp(static_cast<long double>(x))));
  }
  CHECK(worst < 2.0);
  CHECK(exponential(0.0) == 1.0);
  CHECK(exponential(-1000.0) == 0.0);
}

TEST_CASE("log is within 2 units in the last place of libm's, near 1 too") {
  Rng rng(12);
  double worst = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double anywhere = std::ldexp(0.5 + rng.uniform(), static_cast<int>(rng.below(2000)) - 1000);
    const double near_one = 1.0 + (rng.uniform() - 0.5) * 1e-3;
    worst = std::max(worst, ulps(natural_log(anywhere), std::log(static_cast<long double>(anywhere))));
    worst = std::max(worst, ulps(natural_log(near_one), std::log(static_cast<long double>(near_one))));
  }
  CHECK(worst < 2.0);
  CHECK(natural_log(1.0) == 0.0);
}

TEST_CASE("pow is within 2 units in the last place of libm's, where the result is huge or tiny too") {
  Rng rng(13);
  double worst = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = std::ldexp(0.5 + rng.uniform(), static_cast<int>(rng.below(200)) - 100);
    const double y = (rng.uniform() - 0.5) * 14;
    const double big = (rng.uniform() - 0.5) * 3000, base = 0.8 + rng.uniform() * 0.4;
    worst = std::max(worst, ulps(power(x, y), std::pow(static_cast<long double>(x), static_cast<long double>(y))));
    worst = std::max(worst,
                     ulps(power(base, big), std::pow(static_cast<long double>(base), static_cast<long double>(big))));
  }
  CHECK(worst < 2.0);
  CHECK(power(2.0, 10.0) == 1024.0);
  CHECK(power(7.0, 0.0) == 1.0);
}

TEST_CASE("are the quick ones within 1e-14 of libm's, pow within 1e-13?") {
  Rng rng(14);
  double log_error = 0, exp_error = 0, pow_error = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = std::ldexp(0.5 + rng.uniform(), static_cast<int>(rng.below(120)) - 60);
    const double near_one = 1.0 + (rng.uniform() - 0.5) * 1e-3, y = (rng.uniform() - 0.5) * 1400;
    for (double at : {x, near_one})
      log_error = std::max(log_error, std::abs(quick::natural_log(at) / std::log(at) - 1));
    exp_error = std::max(exp_error, std::abs(quick::exponential(y) / std::exp(y) - 1));
    const double share = 1e-6 + rng.uniform(), ridge = 1 + 8 * rng.uniform();
    if (std::abs(ridge * std::log(share)) > 10) continue;
    pow_error = std::max(pow_error, std::abs(quick::power(share, ridge) / std::pow(share, ridge) - 1));
  }
  CHECK(log_error < 1e-14);
  CHECK(exp_error < 1e-14);
  CHECK(pow_error < 1e-13);
  CHECK(quick::natural_log(1.0) == 0.0);
  CHECK(quick::exponential(0.0) == 1.0);
}

TEST_CASE("do the quick ones give the same bits alone and among four?") {
  Rng rng(15);
  for (int i = 0; i < kDraws; ++i) {
    quick::Four x{};
    for (double& at : x) at = std::ldexp(0.5 + rng.uniform(), static_cast<int>(rng.below(40)) - 20);
    const double y = rng.uniform() * 4;
    const quick::Four logs = quick::natural_log(x), powers = quick::power(x, y);
    for (std::size_t lane = 0; lane < x.size(); ++lane) {
      REQUIRE(logs[lane] == quick::natural_log(x[lane]));
      REQUIRE(powers[lane] == quick::power(x[lane], y));
    }
  }
}
