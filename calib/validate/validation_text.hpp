#pragma once
/// What validation found, as a table for people and as CSV for programs.
///
/// The table has a line a family: points, errors, the spread of measuring again, what was allowed and whether it holds;
/// below it each family's worst point and what no law covers. The CSV has a line a point. Pure functions.
#include <string>

#include "calib/validate/validation.hpp"

namespace tiersim::calib {

[[nodiscard]] std::string validation_text(const Validation& validation);
[[nodiscard]] std::string validation_csv(const Validation& validation);

}  // namespace tiersim::calib
