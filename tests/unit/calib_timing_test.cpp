// Repeats on a clock of our own: what one run takes, and what the clock says, is known exactly.
#include <doctest/doctest.h>

#include <cmath>

#include "calib/measure/timing.hpp"
#include "sim/core/rng.hpp"

using namespace tiersim;
using namespace tiersim::calib;

namespace {

/// A kernel whose n runs take n x `run` x noise, on a clock that stands still otherwise.
struct FakeKernel {
  double run = 1e-5, noise = 0, besides = 0;  // s, relative, s per batch
  Rng rng{7};
  double now = 0;
  std::vector<std::int64_t> batches{};

  Timing timed(const Effort& effort) {
    return repeat(
        effort,
        [this](std::int64_t n) {
          batches.push_back(n);
          const double seconds = static_cast<double>(n) * run * (1 + noise * (rng.uniform() - 0.5));
          now += seconds + besides;
          return seconds;
        },
        [this] { return now; });
  }
};

}  // namespace

TEST_CASE("are quantiles those between order statistics?") {
  const std::vector<double> four{10, 20, 30, 40};
  CHECK(quantile_of(four, 0) == 10);
  CHECK(quantile_of(four, 1) == 40);
  CHECK(quantile_of(four, 0.5) == 25);
  CHECK(quantile_of(four, 0.05) == doctest::Approx(11.5));
  CHECK(quantile_of({3.0}, 0.95) == 3);
}

TEST_CASE("does a batch fill the window, and no more than needed?") {
  FakeKernel kernel{.run = 2e-5};  // 50 runs fill a millisecond
  const Timing timing = kernel.timed(Effort{});
  CHECK(kernel.batches.back() == 55);
  CHECK(timing.median == doctest::Approx(2e-5));
  CHECK(timing.batches == Effort{}.least_batches);
}

TEST_CASE("does a kernel that fills the window alone run once a batch?") {
  FakeKernel kernel{.run = 2e-3};
  CHECK(kernel.timed(Effort{}).batches == Effort{}.least_batches);
  for (const std::int64_t n : kernel.batches) CHECK(n == 1);
}

TEST_CASE("does a kernel below the clock's resolution get a batch that the clock sees?") {
  FakeKernel kernel;
  kernel.run = 0;
  const auto batch = [&](std::int64_t n) {
    const double seconds = n < 5000 ? 0.0 : static_cast<double>(n) * 1e-7;
    kernel.now += seconds;
    return seconds;
  };
  CHECK(repeat(Effort{}, batch, [&] { return kernel.now; }).median == doctest::Approx(1e-7));
}

TEST_CASE("are there as many batches as the error asks for?") {
  FakeKernel kernel{.noise = 0.2};
  Effort effort;
  effort.most_seconds = 10;
  const Timing timing = kernel.timed(effort);
  CHECK(timing.relative_error <= effort.relative_error);
  // Uniform within +-10%: a standard deviation of 5.8%, so that 0.5% takes about 133 batches.
  CHECK(timing.batches > 90);
  CHECK(timing.batches < 180);
  CHECK(timing.median == doctest::Approx(1e-5).epsilon(0.02));
  CHECK(timing.low == doctest::Approx(0.91e-5).epsilon(0.02));
  CHECK(timing.high == doctest::Approx(1.09e-5).epsilon(0.02));
}

TEST_CASE("does it stop when the time is used up, what batches do besides included?") {
  FakeKernel kernel{.noise = 0.2, .besides = 9e-3};
  const Timing timing = kernel.timed(Effort{});
  CHECK(timing.relative_error > Effort{}.relative_error);
  CHECK(kernel.now >= Effort{}.most_seconds);
  CHECK(kernel.now < Effort{}.most_seconds + 0.02);
}

TEST_CASE("does a slow kernel run a warm-up and five batches, however long?") {
  FakeKernel kernel{.run = 3.0};
  CHECK(kernel.timed(Effort{}).batches == 5);
  CHECK(kernel.batches.size() == 6);
}

TEST_CASE("is there an end for noise that no repeat averages out?") {
  FakeKernel kernel{.noise = 1.9};
  Effort effort;
  effort.most_seconds = 1e9;
  effort.relative_error = 0;
  CHECK(kernel.timed(effort).batches == effort.most_batches);
}
