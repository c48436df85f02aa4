#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>

#include "sim/core/rng.hpp"

using namespace tiersim;

namespace {

struct Moments {
  double mean = 0;
  double variance = 0;
};

template <class Draw>
Moments moments_of(Draw draw) {
  constexpr int kDraws = 200'000;
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = draw();
    sum += x, squares += x * x;
  }
  const double mean = sum / kDraws;
  return {mean, squares / kDraws - mean * mean};
}

}  // namespace

TEST_CASE("a seed gives the sequence that xoshiro256** seeded by splitmix64 gives everywhere") {
  // From an independent implementation of both in another language.
  Rng one(1), zero(0);
  CHECK(one.next() == 0xB3F2AF6D0FC710C5ULL);
  CHECK(one.next() == 0x853B559647364CEAULL);
  CHECK(one.next() == 0x92F89756082A4514ULL);
  CHECK(zero.next() == 0x99EC5F36CB75F2B4ULL);
  CHECK(zero.next() == 0xBF6E1F784956452AULL);
}

TEST_CASE("a fork depends on seed and name alone, not on what was drawn before") {
  Rng rng(1);
  for (int i = 0; i < 10; ++i) rng.next();
  Rng arrivals = rng.fork("arrivals");
  CHECK(arrivals.next() == 0x93F5C6CAC8171219ULL);
  CHECK(arrivals.next() == 0xE0B551F9BB243C85ULL);
  CHECK(rng.fork("arrivals").next() != rng.fork("lengths").next());
}

TEST_CASE("uniform stays in [0, 1) and below() in [0, n), evenly") {
  Rng rng(2);
  std::array<int, 6> seen{};
  for (int i = 0; i < 60'000; ++i) {
    const double u = rng.uniform();
    REQUIRE(u >= 0.0);
    REQUIRE(u < 1.0);
    ++seen.at(rng.below(6));
  }
  for (int n : seen) CHECK(n == doctest::Approx(10'000).epsilon(0.05));
  CHECK(rng.below(1) == 0);
}

TEST_CASE("distributions have the moments of their closed forms") {
  Rng rng(3);
  const Moments exponential = moments_of([&] { return rng.exponential(4.0); });
  CHECK(exponential.mean == doctest::Approx(4.0).epsilon(0.02));
  CHECK(exponential.variance == doctest::Approx(16.0).epsilon(0.03));

  const Moments normal = moments_of([&] { return rng.normal(); });
  CHECK(std::abs(normal.mean) < 0.02);
  CHECK(normal.variance == doctest::Approx(1.0).epsilon(0.02));

  const Moments lognormal = moments_of([&] { return rng.lognormal(1.0, 0.5); });
  CHECK(lognormal.mean == doctest::Approx(std::exp(1.125)).epsilon(0.02));

  for (const double shape : {0.4, 1.0, 7.5}) {
    const Moments gamma = moments_of([&] { return rng.gamma(shape, 2.0); });
    CHECK(gamma.mean == doctest::Approx(shape * 2.0).epsilon(0.03));
    CHECK(gamma.variance == doctest::Approx(shape * 4.0).epsilon(0.05));
  }
}
