#pragma once
/// The minimum of a function of one variable on an interval, by golden section (Kiefer, 1953).
///
/// `f` should fall and then rise on [low, high]; else one of its low places is found. Called by calib/fit for
/// exponents. One call of f a step, about 1.44 log2((high - low) / tolerance) steps.
namespace tiersim::calib {

template <class Function>
[[nodiscard]] double golden_section(double low, double high, double tolerance, const Function& f) {
  constexpr double kShare = 0.6180339887498949;
  double a = high - kShare * (high - low), b = low + kShare * (high - low);
  double at_a = f(a), at_b = f(b);
  while (high - low > tolerance) {
    if (at_a <= at_b) {
      high = b, b = a, at_b = at_a;
      a = high - kShare * (high - low), at_a = f(a);
    } else {
      low = a, a = b, at_a = at_b;
      b = low + kShare * (high - low), at_b = f(b);
    }
  }
  return at_a <= at_b ? a : b;
}

}  // namespace tiersim::calib
