#pragma once
/// exp, log and pow that give the same bits on every machine: libm's differ between versions.
///
/// Error below 2 units in the last place over the range that the simulator uses; no tables, no allocation.
namespace tiersim {

[[nodiscard]] double natural_log(double x);  ///< x > 0
[[nodiscard]] double exponential(double x);
[[nodiscard]] double power(double x, double y);  ///< x > 0

}  // namespace tiersim
