#pragma once
/// YAML files to Value trees: the only place that sees yaml-cpp.
///
/// Duplicate keys, several documents, anchors on maps that merge, and syntax errors become diagnostics with line and
/// column. O(size); no state.
#include <string>
#include <vector>

#include "sim/config/value.hpp"

namespace tiersim::config {

/// Parses a file; on any error diagnostics say why and the result is what could be read (perhaps null).
[[nodiscard]] Value load_yaml(const std::string& path, Diagnostics& diagnostics);
/// Parses text; `name` stands for the file in messages.
[[nodiscard]] Value parse_yaml(const std::string& text, const std::string& name, Diagnostics& diagnostics);

/// The comment lines that a file opens with, without their "# "; empty where it cannot be read.
[[nodiscard]] std::vector<std::string> opening_comment(const std::string& path);

}  // namespace tiersim::config
