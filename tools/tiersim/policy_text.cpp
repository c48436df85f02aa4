#include "tools/tiersim/policy_text.hpp"

#include "sim/config/fields.hpp"
#include "sim/config/yaml.hpp"

namespace tiersim::cli {

PolicyChoice policy_of(const std::string& command, const std::string& option, const std::string& what,
                       const std::string& text, const detail::PolicyMenu& menu) {
  Diagnostics diagnostics;
  const config::Value map = config::parse_yaml(what + ": " + text, command + " " + option, diagnostics);
  throw_if_errors(diagnostics);
  config::Fields fields(map, option, diagnostics);
  PolicyChoice choice = detail::resolve_policy(fields, what, menu, std::string(menu.names.front()));
  fields.finish();
  throw_if_errors(diagnostics);
  return choice;
}

}  // namespace tiersim::cli
