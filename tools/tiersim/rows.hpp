#pragma once
/// A table as text: a line of titles, then rows, in columns as wide as their widest cell.
///
/// Called by the commands that list things. A column's width is the least that it takes, so that tables under each
/// other can line up. Rows are indented, columns one blank apart; no blanks at the ends of lines. O(cells).
#include <cstddef>
#include <string>
#include <vector>

namespace tiersim::cli {

using Cells = std::vector<std::string>;

struct Column {
  const char* title;
  std::size_t width = 0;
  char align = '>';  ///< or '<'
};

class Rows {
 public:
  static constexpr std::size_t kIndent = 2;
  Rows(std::string title, std::vector<Column> columns, std::size_t indent = kIndent);
  void add(Cells cells);
  /// Title, titles of columns and rows; ends in a newline.
  [[nodiscard]] std::string text() const;

 private:
  std::string title_;
  std::vector<Column> columns_;
  std::size_t indent_;
  std::vector<Cells> rows_;
};

}  // namespace tiersim::cli
