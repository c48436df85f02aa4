#pragma once
/// The story of a first token as text: the split, what befell the request, its steps, its loads.
#include <string>

#include "sim/run.hpp"
#include "sim/serving/why.hpp"

namespace tiersim::cli {

/// At most `rows` steps and as many loads; the middle is left out. Ends in a newline.
[[nodiscard]] std::string why_view(const FirstTokenStory& story, const ResolvedScenario& scenario, std::size_t rows);

}  // namespace tiersim::cli
