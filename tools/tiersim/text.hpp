#pragma once
/// Figures that report/human.hpp does not write: exact times, binary sizes. O(length); no state.
#include <string>

#include "sim/core/units.hpp"

namespace tiersim::cli {

/// A size to three digits: "65.7 GiB".
[[nodiscard]] std::string rough(Bytes size);
/// A point on the simulated clock, exactly: "12.000000345 s".
[[nodiscard]] std::string exactly(Time time);
/// "12,345 ns"
[[nodiscard]] std::string exactly(Duration duration);

}  // namespace tiersim::cli
