#include "sim/core/mathematics.hpp"

#include <bit>
#include <cstdint>

namespace tiersim {
namespace {

using detail::kLn2High, detail::kLn2Low;

/// An unevaluated sum, |low| at most half a unit in the last place of high: about 106 bits.
struct Double2 {
  double high;
  double low;
};

/// a + b without error, |a| >= |b|.
Double2 exact_sum(double a, double b) {
  const double high = a + b;
  return {high, b - (high - a)};
}

/// a * b without error (Dekker 1971), each factor cut into halves whose products are exact.
Double2 exact_product(double a, double b) {
  constexpr double kCut = 134217729.0;  // 2^27 + 1
  const double ca = kCut * a, a1 = ca - (ca - a), a2 = a - a1;
  const double cb = kCut * b, b1 = cb - (cb - b), b2 = b - b1;
  const double high = a * b;
  return {high, ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2};
}

double scaled(double x, int exponent) {
  return x * std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

/// The logarithm to about 65 bits: power() multiplies its error by the exponent.
Double2 precise_log(double x) {
  // x = 2^k m with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh(s), s = (m - 1) / (m + 1), |s| < 0.172.
  const auto bits = std::bit_cast<std::uint64_t>(x);
  int k = static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & ((1ULL << 52) - 1)) | (1023ULL << 52));
  if (m > 1.4142135623730951) m *= 0.5, ++k;
  const double f = m - 1.0;
  const Double2 divisor = exact_sum(2.0, f);
  const double s = f / divisor.high;
  const Double2 back = exact_product(s, divisor.high);
  const double s_low = (((f - back.high) - back.low) - s * divisor.low) / divisor.high;

  // 2 s + 2 s z (1/3 + z/5 + z^2/7 + ...), z = s^2: the 1/3 in two parts, since its term is 1% of the whole.
  const double z = s * s;
  double series = 0.0;
  for (int n = 23; n >= 5; n -= 2) series = z * (series + 1.0 / n);
  constexpr double kThird = 1.0 / 3.0, kThirdLow = 1.850371707708594e-17;
  Double2 sum = exact_sum(kThird, series);
  sum.low += kThirdLow;
  const Double2 square = exact_product(s, s);
  const Double2 cube = exact_product(square.high, 2.0 * s);
  const double cube_low = cube.low + square.low * 2.0 * s + square.high * 6.0 * s_low;
  const Double2 term = exact_product(cube.high, sum.high);
  const double term_low = term.low + cube.high * sum.low + cube_low * sum.high;

  const Double2 first = exact_sum(2.0 * s, term.high);
  const Double2 whole = k == 0 ? first : exact_sum(k * kLn2High, first.high);
  const double rest = (k == 0 ? 0.0 : first.low) + k * kLn2Low + term_low + 2.0 * s_low;
  return exact_sum(whole.high, whole.low + rest);
}

/// e^(x + low), low far below x.
double exponential_of(double x, double low) {
  if (x < -708.0) return 0.0;
  if (x > 709.0) x = 709.0;
  // x = k ln 2 + r with |r| <= ln 2 / 2; e^r by its series.
  const double scaled_x = x * 1.4426950408889634;
  const int k = static_cast<int>(scaled_x < 0 ? scaled_x - 0.5 : scaled_x + 0.5);
  const double r = (x - k * kLn2High) - (k * kLn2Low - low);
  double series = 1.0;
  for (int n = 14; n >= 1; --n) series = 1.0 + series * r / n;
  return scaled(series, k);
}

}  // namespace

double natural_log(double x) {
  const Double2 log = precise_log(x);
  return log.high + log.low;
}

double exponential(double x) { return exponential_of(x, 0.0); }

double power(double x, double y) {
  const Double2 log = precise_log(x);
  const Double2 product = exact_product(y, log.high);
  return exponential_of(product.high, product.low + y * log.low);
}

}  // namespace tiersim
