#pragma once
/// The policies of a registry as conformance tests build them: each with the defaults that it declares.
///
/// Called by tests/conformance. A policy found here by name is one that a scenario can name; its parameters come the
/// way they come for a scenario that gives none.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/config/fields.hpp"
#include "sim/core/registry.hpp"
#include "sim/resolve/parts.hpp"

namespace tiersim::tests {

template <class Interface>
Parameters default_parameters(std::string_view name) {
  const auto& registry = Registry<Interface>::instance();
  const detail::PolicyMenu menu{
      "policy", registry.names(),
      [&registry](std::string_view n) -> const std::vector<ParameterSpec>& { return registry.find(n)->parameters; }};
  Diagnostics diagnostics;
  const config::Value none{};
  config::Fields fields(none, "a test", diagnostics);
  const PolicyChoice choice = detail::resolve_policy(fields, "policy", menu, std::string(name));
  fields.finish();
  throw_if_errors(diagnostics);
  return choice.parameters;
}

/// The defaults, but for these values; names that the policy does not declare are passed over.
template <class Interface>
Parameters parameters_with(std::string_view name, const std::vector<std::pair<std::string, double>>& set) {
  const Parameters defaults = default_parameters<Interface>(name);
  Parameters parameters;
  for (Parameters::Entry entry : defaults.all()) {
    for (const auto& [key, value] : set)
      if (entry.name == key) entry.number = value;
    parameters.add(entry);
  }
  return parameters;
}

}  // namespace tiersim::tests
