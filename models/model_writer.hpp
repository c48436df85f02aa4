#pragma once
/// A model as the YAML that read_model() reads: the shortest that gives the same shapes.
///
/// Called by `tiersim models import`. Layer groups that are equal become one; heads and
/// widths that groups share stand at the top level. Fields at their defaults are left out. Reading the text back gives
/// the same counts and bytes (a test holds it for every shipped model); bytes per element are written as numbers.
/// O(groups^2). Deterministic.
#include "models/model_spec.hpp"
#include "sim/config/value.hpp"

namespace tiersim::models {

[[nodiscard]] config::Value to_value(const ModelSpec& model);

}  // namespace tiersim::models
