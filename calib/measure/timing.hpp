#pragma once
/// How long a kernel takes, with as many repeats as a stated relative error asks for.
///
/// Called by every microkernel with a function that runs the kernel n times and says how many seconds that took (by
/// device events on a GPU, by the steady clock on the host). repeat() warms up, chooses n so that one batch lasts at
/// least `least_window`, then takes batches until the relative standard error of their mean falls below the target or
/// the time is used up, and gives median and quantiles: the median, because a shared machine errs to one side only.
#include <cstdint>
#include <functional>
#include <vector>

namespace tiersim::calib {

struct Effort {
  double relative_error = 0.005;
  double least_window = 1e-3;  ///< s; far above what the clock resolves
  double most_seconds = 0.5;   ///< per point, warm-up included; one warm-up and five batches are always run
  std::int64_t warm_ups = 2;
  std::int64_t least_batches = 7, most_batches = 400;
};

struct Timing {
  double median = 0, low = 0, high = 0;  ///< seconds of one run; 5% and 95% quantiles
  double relative_error = 0;
  std::int64_t batches = 0;
};

/// Seconds since some moment, by the steady clock.
[[nodiscard]] double steady_seconds();

/// batch(n) runs the kernel n times and returns the seconds of all n together. What a batch does besides (a flush of
/// caches) counts towards most_seconds by `now` and towards nothing else.
[[nodiscard]] Timing repeat(const Effort& effort, const std::function<double(std::int64_t n)>& batch,
                            const std::function<double()>& now = steady_seconds);

/// Linear interpolation between order statistics; `sorted` is not empty, 0 <= q <= 1.
[[nodiscard]] double quantile_of(const std::vector<double>& sorted, double q);

}  // namespace tiersim::calib
