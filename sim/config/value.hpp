#pragma once
/// A parsed YAML tree in our own types: scalars, lists, maps, each with the place that it came from.
///
/// Maps keep the file's order for messages; readers take keys by name, so the order never changes a result. Built by
/// config/yaml.hpp, changed by --set (config/overrides.hpp), read through config/fields.hpp.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/core/diagnostics.hpp"

namespace tiersim::config {

enum class Kind { null, scalar, list, map };

struct Value {
  Value() = default;  // no aggregate: clang would need the pairs below while they are incomplete

  Kind kind = Kind::null;
  std::string scalar;                                  ///< the text, unquoted; kind == scalar
  bool quoted = false;                                 ///< written in quotes: text, never a number
  std::vector<Value> items;                            ///< kind == list
  std::vector<std::pair<std::string, Value>> entries;  ///< kind == map, in the file's order
  std::vector<SourceMark> key_marks;                   ///< of entries
  SourceMark mark;                                     ///< of the value itself

  [[nodiscard]] const Value* find(std::string_view key) const;
  [[nodiscard]] Value* find(std::string_view key);
};

[[nodiscard]] std::string_view kind_name(Kind kind);

/// YAML text of a tree, two spaces a level, short maps and lists of scalars in flow style; parses back to the same
/// tree. With `origins`, each scalar is followed by a comment that says where its value came from.
[[nodiscard]] std::string to_yaml(const Value& value, bool origins = false);

}  // namespace tiersim::config
