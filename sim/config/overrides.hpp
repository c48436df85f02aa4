#pragma once
/// --set path=value: changes one value of a tree before it is read.
///
/// A path is keys joined by dots; an item of a list is reached by its name (`hierarchy.dram.capacity`, where an item's
/// name is its `name`, `tier` or `id` key) or by its index. Missing maps on the way are made; a missing list item is an
/// error. The value is parsed as YAML, so lists and maps work too. The new value's mark is the argument itself.
#include <string>

#include "sim/config/value.hpp"

namespace tiersim::config {

void apply_override(Value& root, const std::string& argument, Diagnostics& diagnostics);

}  // namespace tiersim::config
