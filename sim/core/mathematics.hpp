#pragma once
/// exp, log and pow that give the same bits on every machine: libm's differ between versions.
///
/// Error below 2 units in the last place over the range that the simulator uses; no tables, no allocation.
namespace tiersim {

[[nodiscard]] double natural_log(double x);  ///< x > 0
[[nodiscard]] double exponential(double x);
[[nodiscard]] double power(double x, double y);  ///< x > 0

/// The same several times as fast, to within 1e-14 of the result (of power(): 1e-13 for |y log x| up to 10): for inner
/// loops over fitted quantities. The same bits everywhere too; x > 0, normal.
namespace quick {
[[nodiscard]] double natural_log(double x);
[[nodiscard]] double exponential(double x);
[[nodiscard]] double power(double x, double y);
}  // namespace quick

}  // namespace tiersim
