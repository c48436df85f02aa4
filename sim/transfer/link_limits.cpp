#include "sim/transfer/link_limits.hpp"

#include <algorithm>
#include <array>

#include "sim/core/mathematics.hpp"

namespace tiersim {
namespace {

/// The p-norm of times; 0 for p: the longest.
template <std::size_t n>
double combined(const std::array<double, n>& times, double ridge) {
  const double longest = *std::max_element(times.begin(), times.end());
  if (ridge <= 0 || longest <= 0) return longest;
  double sum = 0;
  for (double time : times) sum += time > 0 ? power(time / longest, ridge) : 0.0;
  return longest * power(sum, 1 / ridge);
}

double queue_time(const hw::DirectedLink& link, double fragment, double operations) {
  const auto latency = static_cast<double>(link.latency.value()), depth = static_cast<double>(link.queue_depth);
  const double stream = link.single_stream.value() > 0 ? fragment / per_nanosecond(link.single_stream) : 0.0;
  const double rounds = depth > 0 ? std::max(1.0, operations / depth) : 1.0;
  return rounds * (latency + stream) - latency;
}

}  // namespace

LinkLimits limits_of(const hw::DirectedLink& link, double bytes, double operations) {
  const double fragment = bytes / operations, half = static_cast<double>(link.half_size.value());
  const double full = per_nanosecond(link.bandwidth);
  const double reached = half > 0 ? full * (fragment / (fragment + half)) : full;
  if (link.queue_depth == 0 && link.single_stream.value() <= 0 && link.iops <= 0) return {reached, 1};
  const double rate_time = link.iops > 0 ? 1e9 * operations / link.iops : 0.0;
  const double time =
      combined(std::array{queue_time(link, fragment, operations), rate_time, bytes / reached}, link.ridge);
  return {bytes / time, combined(std::array{1.0, rate_time * full / bytes}, link.ridge)};
}

}  // namespace tiersim
