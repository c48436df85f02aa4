#pragma once
/// Tables of what is planned and of what was measured, a line a series, for terminals and logs.
///
/// Called by the program at its ends. Shares are of the nearer ceiling; the best point of a series says how well its
/// kernel does, the median point how the sizes in between do. No CUDA; the standard library only.
#include <string>
#include <vector>

#include "calib/measure/plan.hpp"
#include "calib/measure/sample.hpp"

namespace tiersim::calib {

[[nodiscard]] std::string list_of(const Families& families);
[[nodiscard]] std::string plan_table(const Plan& plan);
[[nodiscard]] std::string sample_table(const std::vector<Sample>& samples);

}  // namespace tiersim::calib
