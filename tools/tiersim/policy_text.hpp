#pragma once
/// A policy as an option names it: `name` or `{name: {parameter: value}}`, as in a scenario.
///
/// Errors: BadInput, with command, option and place.
#include <string>

#include "sim/resolve/parts.hpp"

namespace tiersim::cli {

/// `option`: "--policy". `what`: the key that messages name.
[[nodiscard]] PolicyChoice policy_of(const std::string& command, const std::string& option, const std::string& what,
                                     const std::string& text, const detail::PolicyMenu& menu);

}  // namespace tiersim::cli
