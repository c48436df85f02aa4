#include "calib/import/csv_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <stdexcept>
#include <zlib.h>

namespace tiersim::calib {
namespace {

std::string existing(const std::string& path) {
  std::error_code ignored;
  for (const std::string& name : {path, path + ".gz"}) {
    if (std::filesystem::is_regular_file(name, ignored)) return name;
  }
  throw std::runtime_error(fmt::format("no table '{}' (nor '{}.gz')", path, path));
}

}  // namespace

struct CsvTable::File {
  explicit File(const std::string& path) : handle(gzopen(path.c_str(), "rb")) {
    if (handle == nullptr) throw std::runtime_error(fmt::format("'{}' cannot be read", path));
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { gzclose(handle); }
  gzFile handle;  // reads plain files as they are
};

CsvTable::CsvTable(const std::string& path) : path_(existing(path)), file_(std::make_unique<File>(path_)) {
  if (!read_line()) throw std::runtime_error(fmt::format("'{}' is empty", path_));
  cut();
  names_.assign(cells_.begin(), cells_.end());
}

CsvTable::~CsvTable() = default;

std::size_t CsvTable::column(std::string_view name) const {
  const auto at = std::find(names_.begin(), names_.end(), name);
  if (at == names_.end()) {
    throw std::runtime_error(fmt::format("'{}' has no column '{}'; it has: {}", path_, name, fmt::join(names_, ", ")));
  }
  return static_cast<std::size_t>(at - names_.begin());
}

bool CsvTable::next() {
  do {
    if (!read_line()) return false;
  } while (text_.empty());
  cut();
  if (cells_.size() != names_.size()) {
    throw std::runtime_error(fmt::format("{}: {} values for {} columns", place(), cells_.size(), names_.size()));
  }
  return true;
}

double CsvTable::number(std::size_t column) const {
  const std::string_view cell = cells_[column];
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size()) {
    throw std::runtime_error(fmt::format("{}: '{}' in column '{}' is not a number", place(), cell, names_[column]));
  }
  return value;
}

double CsvTable::positive(std::size_t column) const {
  const double value = number(column);
  if (value > 0 && value < 1e30) return value;
  throw std::runtime_error(
      fmt::format("{}: '{}' in column '{}', expected a number above zero", place(), cells_[column], names_[column]));
}

std::string CsvTable::place() const { return fmt::format("{}:{}", path_, line_); }

bool CsvTable::read_line() {
  std::array<char, 4096> piece;
  text_.clear();
  while (gzgets(file_->handle, piece.data(), static_cast<int>(piece.size())) != nullptr) {
    text_ += piece.data();
    if (!text_.ends_with('\n')) continue;
    text_.pop_back();
    if (text_.ends_with('\r')) text_.pop_back();
    ++line_;
    return true;
  }
  int status = Z_OK;
  const char* message = gzerror(file_->handle, &status);
  if (status != Z_OK && status != Z_STREAM_END) throw std::runtime_error(fmt::format("{}: {}", path_, message));
  if (text_.empty()) return false;
  ++line_;
  return true;
}

void CsvTable::cut() {
  cells_.clear();
  const std::string_view all(text_);
  for (std::size_t begin = 0; begin <= all.size();) {
    const std::size_t end = std::min(all.find(',', begin), all.size());
    cells_.push_back(all.substr(begin, end - begin));
    begin = end + 1;
  }
}

}  // namespace tiersim::calib
