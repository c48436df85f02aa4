#include "sim/transfer/link_limits.hpp"

#include <algorithm>
#include <array>
#include <cmath>

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

/// Nanoseconds of one I/O's bytes, its pages spread over the channels.
double stream_time(const hw::DirectedLink& link, double fragment, const hw::MediaSpec* media) {
  if (link.single_stream.value() <= 0) return 0;
  const double alone = fragment / per_nanosecond(link.single_stream);
  if (media == nullptr || media->channels == 0 || media->page == Bytes(0)) return alone;
  const double pages = std::ceil(fragment / static_cast<double>(media->page.value()));
  return alone / std::min(pages, static_cast<double>(media->channels));
}

double queue_time(const hw::DirectedLink& link, double fragment, double operations, const hw::MediaSpec* media) {
  const auto latency = static_cast<double>(link.latency.value()), depth = static_cast<double>(link.queue_depth);
  const double stream = stream_time(link, fragment, media);
  const double rounds = depth > 0 ? std::max(1.0, operations / depth) : 1.0;
  return rounds * (latency + stream) - latency;
}

}  // namespace

LinkLimits limits_of(const hw::DirectedLink& link, double bytes, double operations, const hw::MediaSpec* media) {
  const double fragment = bytes / operations, half = static_cast<double>(link.half_size.value());
  const double full = per_nanosecond(link.bandwidth);
  const double reached = half > 0 ? full * (fragment / (fragment + half)) : full;
  if (link.queue_depth == 0 && link.single_stream.value() <= 0 && link.iops <= 0) return {reached, 1};
  const double rate_time = link.iops > 0 ? 1e9 * operations / link.iops : 0.0;
  const double time =
      combined(std::array{queue_time(link, fragment, operations, media), rate_time, bytes / reached}, link.ridge);
  return {bytes / time, combined(std::array{1.0, rate_time * full / bytes}, link.ridge)};
}

MediaUse media_use(const hw::DirectedLink& link, const hw::MediaSpec& media, double bytes, double operations) {
  const auto whole = in_pages(media.page, Bytes(std::llround(bytes)), Operations(std::llround(operations)));
  const double pages = static_cast<double>(whole.value()) / bytes;
  if (link.writes) {
    const MediaUse drained = drain_use(media);
    return {pages * drained.array, pages * drained.bus};
  }
  const double of_rate = link.iops > 0 ? per_nanosecond(media.array) * 1e9 * operations / (link.iops * bytes) : 0.0;
  return {combined(std::array{pages, of_rate}, link.ridge), 1};
}

MediaUse drain_use(const hw::MediaSpec& media) {
  const double amplified = media.write_amplification;
  return {amplified * (media.array / media.program), amplified};
}

Bytes in_pages(Bytes page, Bytes bytes, Operations operations) {
  if (page == Bytes(0)) return bytes;
  const std::int64_t least = bytes.value() / operations.value(), larger = bytes.value() % operations.value();
  const auto pages = [&](std::int64_t fragment) { return (fragment + page.value() - 1) / page.value(); };
  return page * (larger * pages(least + 1) + (operations.value() - larger) * pages(least));
}

}  // namespace tiersim
