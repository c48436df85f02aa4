#pragma once
/// How far off a family's predictions may be, median over fresh sizes, before validation fails.
///
/// One table, stated beforehand; where measuring the same points again differs by more than half of a tolerance, twice
/// that spread counts instead (calib/validate/validation). Pure function, O(rows).
#include <string_view>

namespace tiersim::calib {

enum class Machine { host, gpu };

[[nodiscard]] double tolerance_of(Machine machine, std::string_view family);

}  // namespace tiersim::calib
