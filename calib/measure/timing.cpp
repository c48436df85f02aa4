#include "calib/measure/timing.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace tiersim::calib {
namespace {

constexpr std::int64_t kLeastBatches = 5;  // whatever the time
constexpr std::int64_t kMostRuns = 1'000'000'000;

/// Warms up with single runs, then finds how many runs fill the window; what that takes warms up as well. A batch
/// counts as long enough only if it was so twice: were it taken from the processor just then, too few runs would
/// follow.
std::int64_t runs_per_batch(const Effort& effort, const std::function<double(std::int64_t)>& batch,
                            const std::function<bool()>& late) {
  double seconds = batch(1);
  for (std::int64_t i = 1; i < effort.warm_ups && !late(); ++i) seconds = std::min(seconds, batch(1));
  std::int64_t n = 1;
  while (seconds < effort.least_window && n < kMostRuns) {
    // A tenth more than what the last batch asks for; never a hundred times more at once, since a batch that is short
    // beside the clock's resolution says little.
    const double wanted = seconds > 0 ? 1.1 * effort.least_window / seconds : 100;
    n = std::min(kMostRuns, static_cast<std::int64_t>(std::ceil(static_cast<double>(n) * std::min(wanted, 100.0))));
    seconds = batch(n);
    if (seconds >= effort.least_window) seconds = std::min(seconds, batch(n));
  }
  return n;
}

/// Standard error of the mean over the mean.
double relative_error_of(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double v : values) sum += v;
  const double mean = sum / count;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return mean > 0 && count > 1 ? std::sqrt(squares / (count - 1) / count) / mean : 0;
}

}  // namespace

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double quantile_of(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Timing repeat(const Effort& effort, const std::function<double(std::int64_t)>& batch,
              const std::function<double()>& now) {
  const double begin = now();
  const auto late = [&] { return now() - begin >= effort.most_seconds; };
  const std::int64_t n = runs_per_batch(effort, batch, late);

  std::vector<double> times;
  Timing timing;
  const auto enough = [&] {
    const auto count = static_cast<std::int64_t>(times.size());
    if (count < std::min(kLeastBatches, effort.most_batches)) return false;
    if (count >= effort.most_batches || late()) return true;
    return count >= effort.least_batches && timing.relative_error <= effort.relative_error;
  };
  while (!enough()) {
    times.push_back(batch(n) / static_cast<double>(n));
    timing.relative_error = relative_error_of(times);
  }
  std::sort(times.begin(), times.end());
  timing.batches = static_cast<std::int64_t>(times.size());
  timing.median = quantile_of(times, 0.5);
  timing.low = quantile_of(times, 0.05);
  timing.high = quantile_of(times, 0.95);
  return timing;
}

}  // namespace tiersim::calib
