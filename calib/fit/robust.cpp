#include "calib/fit/robust.hpp"

#include <algorithm>
#include <cmath>

namespace tiersim::calib {
namespace {

constexpr double kDelta = 1.345;
constexpr double kLeast = 1e-6;  // relative; below this residuals are rounding

}  // namespace

double huber_loss(double z) {
  const double size = std::abs(z);
  return size <= kDelta ? 0.5 * size * size : kDelta * (size - 0.5 * kDelta);
}

double huber_weight(double z) {
  const double size = std::abs(z);
  return size <= kDelta ? 1 : kDelta / size;
}

double sigma_of(const std::vector<double>& residuals) {
  if (residuals.empty()) return kLeast;
  std::vector<double> sizes;
  for (double r : residuals) sizes.push_back(std::abs(r));
  const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::nth_element(sizes.begin(), middle, sizes.end());
  constexpr double kNormal = 1.4826;  // standard deviations to a median of a normal distribution
  return std::max(kNormal * *middle, kLeast);
}

double robust_scale(const std::vector<double>& residuals) {
  constexpr double kBound = 4, kNormal = 0.9205;  // E min(z^2, 4) of a standard normal z
  if (residuals.empty()) return kLeast;
  double s2 = 0;
  for (double r : residuals) s2 += r * r;
  s2 /= static_cast<double>(residuals.size()) * kNormal;
  // The average falls as s grows, so this iteration comes down to the largest solution.
  for (int pass = 0; pass < 200 && s2 > kLeast * kLeast; ++pass) {
    double sum = 0;
    for (double r : residuals) sum += std::min(r * r, kBound * s2);
    const double next = sum / (kNormal * static_cast<double>(residuals.size()));
    if (std::abs(next - s2) < 1e-9 * s2) break;
    s2 = next;
  }
  return std::max(std::sqrt(s2), kLeast);
}

}  // namespace tiersim::calib
