#pragma once
/// Models of the library by name, for whoever has no scenario: importers, validation, tests.
///
/// Errors: std::runtime_error, naming the model, for one that is not there or does not read.
#include <string>

#include "models/model_spec.hpp"

namespace tiersim::models {

/// `library` is the folder that holds models/.
[[nodiscard]] ModelSpec load_model(const std::string& library, const std::string& name);

}  // namespace tiersim::models
