#include "sim/core/parameters.hpp"

#include "sim/core/diagnostics.hpp"

namespace tiersim {

const Parameters::Entry& Parameters::find(std::string_view name) const {
  for (const Entry& e : entries_)
    if (e.name == name) return e;
  throw InternalError("a policy asked for a parameter that it never declared: " + std::string(name));
}

double Parameters::number(std::string_view name) const { return find(name).number; }
const std::string& Parameters::text(std::string_view name) const { return find(name).text; }

}  // namespace tiersim
