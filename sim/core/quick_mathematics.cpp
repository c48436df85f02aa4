#include "sim/core/quick_mathematics.hpp"

#include <bit>
#include <cstdint>

#include "sim/core/mathematics.hpp"

namespace tiersim::quick {
namespace {

using detail::kLn2High, detail::kLn2Low;

using Lanes = double __attribute__((vector_size(32)));
using Bits = std::uint64_t __attribute__((vector_size(32)));

Lanes lanes_of(double x) { return Lanes{x, x, x, x}; }
Lanes lanes_of(const Four& x) { return Lanes{x[0], x[1], x[2], x[3]}; }
Four four_of(Lanes x) { return {x[0], x[1], x[2], x[3]}; }

/// a * b + c, rounded once.
Lanes fused(Lanes a, Lanes b, Lanes c) {
  Lanes out{};
  for (int i = 0; i < 4; ++i) out[i] = __builtin_fma(a[i], b[i], c[i]);
  return out;
}
Lanes fused(Lanes a, double b, Lanes c) { return fused(a, lanes_of(b), c); }
/// b + a * c
Lanes line(Lanes a, double b, double c) { return fused(a, lanes_of(c), lanes_of(b)); }

// Both series by Estrin's scheme: pairs of terms side by side, since what counts is how long the longest chain is.

Lanes log_of(Lanes x) {
  // x = 2^k m with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh(s) by its series in z = s^2.
  constexpr std::uint64_t kOne = 1023ULL << 52, kFraction = (1ULL << 52) - 1;
  constexpr std::uint64_t kTwo52 = (1023ULL + 52) << 52;  // a double whose last bits are a whole number
  const Bits bits = std::bit_cast<Bits>(x);
  const Lanes whole = std::bit_cast<Lanes>((bits >> 52) | kTwo52) - (0x1p52 + 1023);
  const Lanes fraction = std::bit_cast<Lanes>((bits & kFraction) | kOne);
  const auto high = fraction > 1.4142135623730951;
  const Lanes m = high ? fraction * 0.5 : fraction, k = high ? whole + 1.0 : whole;
  const Lanes f = m - 1.0, s = f / (2.0 + f), z = s * s, z2 = z * z, z4 = z2 * z2;
  const Lanes first = fused(z2, line(z, 2.0 / 7, 2.0 / 9), line(z, 2.0 / 3, 2.0 / 5));
  const Lanes second = fused(z2, line(z, 2.0 / 15, 2.0 / 17), line(z, 2.0 / 11, 2.0 / 13));
  const Lanes series = fused(z4 * z4, 2.0 / 19, fused(z4, second, first));
  return fused(k, kLn2High, fused(s * z, series, fused(k, kLn2Low, s + s)));
}

Lanes exp_of(Lanes x) {
  // x = k ln 2 + r, |r| <= ln 2 / 2; e^r = 1 + r + r^2 (1/2! + r/3! + ... + r^10/12!).
  constexpr double kRounds = 0x1.8p52;  // added, the last bits hold the nearest whole number
  const Lanes least = lanes_of(-708.0), most = lanes_of(709.0);
  const Lanes above = x < least ? least : x, y = above > most ? most : above;
  const Lanes rounded = y * 1.4426950408889634 + kRounds, k = rounded - kRounds;
  const Lanes r = fused(k, -kLn2Low, fused(k, -kLn2High, y)), r2 = r * r, r4 = r2 * r2;
  const Lanes first = fused(r2, line(r, 1.0 / 24, 1.0 / 120), line(r, 1.0 / 2, 1.0 / 6));
  const Lanes second = fused(r2, line(r, 1.0 / 40320, 1.0 / 362880), line(r, 1.0 / 720, 1.0 / 5040));
  const Lanes third = fused(r2, 1.0 / 479001600, line(r, 1.0 / 3628800, 1.0 / 39916800));
  const Lanes series = fused(r4 * r4, third, fused(r4, second, first));
  const Lanes scale = std::bit_cast<Lanes>((std::bit_cast<Bits>(rounded) + 1023) << 52);
  return x < least ? Lanes{} : fused(r2, series, 1.0 + r) * scale;
}

}  // namespace

double natural_log(double x) { return log_of(lanes_of(x))[0]; }
Four natural_log(const Four& x) { return four_of(log_of(lanes_of(x))); }
double exponential(double x) { return exp_of(lanes_of(x))[0]; }
double power(double x, double y) { return exp_of(y * log_of(lanes_of(x)))[0]; }
Four power(const Four& x, double y) { return four_of(exp_of(y * log_of(lanes_of(x)))); }

}  // namespace tiersim::quick
