#pragma once
/// The values of declared parameters, read from a map: those of a policy, of a trace format.
///
/// Called by resolve and the command. Each comes by its kind and name, or by its declared default; finish() stays the
/// caller's. Mistakes go to the fields' diagnostics; a default that does not parse is our bug (InternalError).
#include <vector>

#include "sim/config/fields.hpp"
#include "sim/core/parameters.hpp"

namespace tiersim::config {

[[nodiscard]] Parameters read_parameters(Fields& fields, const std::vector<ParameterSpec>& specs);

}  // namespace tiersim::config
