#pragma once
/// The memory of each GPU of a scenario, as a table with bars.
#include <string>

#include "sim/run.hpp"

namespace tiersim::cli {

/// Ends in a newline.
[[nodiscard]] std::string memory_view(const ResolvedScenario& scenario);

}  // namespace tiersim::cli
