#pragma once
/// A model in words, for lists and for the head of an imported file. O(groups), no state.
#include <cstdint>
#include <string>

#include "models/model_spec.hpp"

namespace tiersim::cli {

/// "70.55 B", "1571.1 B"
[[nodiscard]] std::string in_billions(std::int64_t parameters);
/// "GQA 8:1, window of 128 in 12 of 24, 4 of 32 experts"
[[nodiscard]] std::string kind_of(const models::ModelSpec& model);

}  // namespace tiersim::cli
