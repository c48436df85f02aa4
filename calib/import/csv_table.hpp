#pragma once
/// A table of comma-separated values, plain or gzip, read row by row; columns by name.
///
/// Called by the importers of this folder. The first line names the columns; values are not quoted in any of the tables
/// that are read here. Errors are std::runtime_error with path, line and column. One line is in memory at a time.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tiersim::calib {

class CsvTable {
 public:
  /// Reads the header. `path` may lack the ".gz" of the file that is there.
  explicit CsvTable(const std::string& path);
  CsvTable(const CsvTable&) = delete;
  CsvTable& operator=(const CsvTable&) = delete;
  ~CsvTable();

  /// The place of a column. Throws, naming the columns, where there is none.
  [[nodiscard]] std::size_t column(std::string_view name) const;
  /// Goes to the next row; false at the end.
  bool next();
  [[nodiscard]] std::string_view text(std::size_t column) const { return cells_[column]; }
  [[nodiscard]] double number(std::size_t column) const;
  /// A number above zero: a time, a size.
  [[nodiscard]] double positive(std::size_t column) const;
  /// "path:line", of the row at hand.
  [[nodiscard]] std::string place() const;

 private:
  struct File;
  bool read_line();
  void cut();

  std::string path_;
  std::unique_ptr<File> file_;
  std::int64_t line_ = 0;
  std::string text_;
  std::vector<std::string> names_;
  std::vector<std::string_view> cells_;  // of text_
};

}  // namespace tiersim::calib
