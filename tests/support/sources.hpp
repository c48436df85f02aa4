#pragma once
/// The project's own source files as text, for tests that hold them to a rule.
///
/// Called by tests/rules. Paths are relative to the root and sorted, so that messages come in one order. Reading is
/// done anew in every call: O(size of the files); a file that cannot be read is empty.
#include <string>
#include <string_view>
#include <vector>

namespace tiersim::test {

struct SourceLine {
  int number = 0;    ///< from 1
  std::string text;  ///< without the line's end
};

struct SourceFile {
  std::string path;  ///< "sim/core/units.hpp"
  std::vector<SourceLine> lines;
  [[nodiscard]] bool is_header() const;
};

struct Include {
  int line = 0;
  bool quoted = false;  ///< "..." rather than <...>
  std::string target;
};

/// Every .hpp, .cpp, .cuh and .cu under `folder`, its subfolders included; none where there is no such folder.
[[nodiscard]] std::vector<SourceFile> sources_under(std::string_view folder);
[[nodiscard]] std::vector<Include> includes_of(const SourceFile& file);
/// The file's lines without comments and without the inside of string literals.
[[nodiscard]] std::vector<SourceLine> code_of(const SourceFile& file);
/// "path:line: message", one finding of a rule.
[[nodiscard]] std::string finding(const SourceFile& file, int line, std::string_view message);
/// Findings one per line, for doctest's INFO.
[[nodiscard]] std::string joined(const std::vector<std::string>& findings);

}  // namespace tiersim::test
