#pragma once
/// exp, log and pow that give the same bits on every machine: libm's differ between versions.
///
/// Error below 2 units in the last place over the range that the simulator uses; no tables, no allocation.
namespace tiersim {

[[nodiscard]] double natural_log(double x);  ///< x > 0
[[nodiscard]] double exponential(double x);
[[nodiscard]] double power(double x, double y);  ///< x > 0

namespace detail {
inline constexpr double kLn2High = 6.93147180369123816490e-01;  // the upper 33 bits of ln 2: k * high is exact
inline constexpr double kLn2Low = 1.90821492927058770002e-10;
}  // namespace detail

}  // namespace tiersim
