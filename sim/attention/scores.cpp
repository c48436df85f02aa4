#include "sim/attention/scores.hpp"

#include <algorithm>
#include <numeric>

#include "sim/core/diagnostics.hpp"

namespace tiersim {
namespace {

/// Calls fold(begin, end) for the window around each element, cut at the ends.
template <class Fold>
std::vector<float> pooled(std::span<const float> x, std::int64_t kernel, Fold fold) {
  const auto size = static_cast<std::int64_t>(x.size());
  std::vector<float> out(x.size());
  for (std::int64_t i = 0; i < size; ++i) {
    const std::int64_t begin = std::max<std::int64_t>(0, i - kernel / 2), end = std::min(size, i + kernel / 2 + 1);
    out[static_cast<std::size_t>(i)] = fold(x.begin() + begin, x.begin() + end);
  }
  return out;
}

}  // namespace

std::vector<std::uint32_t> top(std::span<const float> scores, std::size_t count) {
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  if (count < order.size()) {
    const auto higher = [&](std::uint32_t a, std::uint32_t b) {
      return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
    };
    std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(), higher);
    order.resize(count);
    std::sort(order.begin(), order.end());
  }
  return order;
}

std::vector<float> average_pool(std::span<const float> x, std::int64_t kernel) {
  return pooled(x, kernel,
                [&](auto begin, auto end) { return std::accumulate(begin, end, 0.0F) / static_cast<float>(kernel); });
}

std::vector<float> max_pool(std::span<const float> x, std::int64_t kernel) {
  return pooled(x, kernel, [](auto begin, auto end) { return *std::max_element(begin, end); });
}

void add_to(std::span<float> sum, std::span<const float> x) {
  ensure(sum.size() == x.size(), "scores of different lengths are added up");
  for (std::size_t i = 0; i < x.size(); ++i) sum[i] += x[i];
}

}  // namespace tiersim
