#include "sim/core/mathematics.hpp"

#include <bit>
#include <cstdint>

namespace tiersim {
namespace {

constexpr double kLn2High = 6.93147180369123816490e-01;  // the upper 33 bits of ln 2, so that k * high is exact
constexpr double kLn2Low = 1.90821492927058770002e-10;

double scaled(double x, int exponent) {
  return x * std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

}  // namespace

double natural_log(double x) {
  // x = 2^k m with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh(s), s = (m - 1) / (m + 1), |s| < 0.172.
  const auto bits = std::bit_cast<std::uint64_t>(x);
  int k = static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & ((1ULL << 52) - 1)) | (1023ULL << 52));
  if (m > 1.4142135623730951) m *= 0.5, ++k;
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  double series = 0.0;
  for (int n = 23; n >= 3; n -= 2) series = z * (series + 1.0 / n);
  const double tail = 2.0 * s * series + k * kLn2Low;
  return k * kLn2High + (2.0 * s + tail);
}

double exponential(double x) {
  if (x < -708.0) return 0.0;
  if (x > 709.0) x = 709.0;
  // x = k ln 2 + r with |r| <= ln 2 / 2; e^r by its series.
  const double scaled_x = x * 1.4426950408889634;
  const int k = static_cast<int>(scaled_x < 0 ? scaled_x - 0.5 : scaled_x + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  double series = 1.0;
  for (int n = 14; n >= 1; --n) series = 1.0 + series * r / n;
  return scaled(series, k);
}

double power(double x, double y) { return exponential(y * natural_log(x)); }

}  // namespace tiersim
