#pragma once
/// Small words for tables on the terminal. O(length); no state.
#include <string>

#include "sim/core/units.hpp"

namespace tiersim::cli {

/// "12,345,678"
[[nodiscard]] std::string grouped(std::int64_t value);
/// A size to three digits: "65.7 GiB".
[[nodiscard]] std::string rough(Bytes size);
/// A point on the simulated clock, exactly: "12.000000345 s".
[[nodiscard]] std::string exactly(Time time);
/// "12,345 ns"
[[nodiscard]] std::string exactly(Duration duration);

}  // namespace tiersim::cli
