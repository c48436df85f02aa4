#pragma once
/// exp, log and pow several times as fast as those of sim/core/mathematics.hpp, for inner loops over fitted quantities.
///
/// Within 1e-14 of the result (power(): 1e-13 for |y log x| up to 10); x > 0, normal, but power(0, y) is 0 for y >= 1.
/// Four at a time take as long as one. The same bits on every machine, alone or among four; no tables, no allocation.
#include <array>

namespace tiersim::quick {

using Four = std::array<double, 4>;

[[nodiscard]] double natural_log(double x);
[[nodiscard]] Four natural_log(const Four& x);
[[nodiscard]] double exponential(double x);
[[nodiscard]] double power(double x, double y);
[[nodiscard]] Four power(const Four& x, double y);

}  // namespace tiersim::quick
