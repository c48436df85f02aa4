#pragma once
/// CSV with a header that names the columns, in any order: the part that readers of such files share.
///
/// A reader calls read_header() once, then next() until it is false, and takes the fields by the index of their name.
/// A name may end in "(s)", seconds being what times are in. No quoting. Fields point into the mapped file. O(1) per
/// byte, no allocation per record.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "traces/mapped_file.hpp"
#include "traces/record_errors.hpp"
#include "traces/text_records.hpp"

namespace tiersim::traces {

enum class UnknownColumns { refused, passed_over };

template <std::size_t N>
class CsvTable {
 public:
  CsvTable(const MappedFile& file, const std::array<std::string_view, N>& names, RecordErrors& errors)
      : text_(file.text()), names_(names), errors_(errors), lines_(text_) {}

  /// The first `required` columns must be there, none twice. False after adding what is wrong.
  bool read_header(std::size_t required, UnknownColumns unknown) {
    std::string_view rest = lines_.next(true) ? lines_.line() : std::string_view();
    while (!rest.empty()) add_column(take_field(rest), unknown);
    for (std::size_t column = 0; column < required; ++column)
      if (!has(column)) errors_.add({-1, 0}, fmt::format("the header has no column '{}'", names_[column]));
    return !errors_.any();
  }

  [[nodiscard]] bool has(std::size_t column) const { return std::ranges::find(order_, column) != order_.end(); }

  /// To the next record whose fields are as many as the header's; others are errors.
  [[nodiscard]] bool next() {
    while (!errors_.full() && lines_.next()) {
      std::string_view rest = lines_.line();
      const auto found = static_cast<std::size_t>(1 + std::ranges::count(rest, ','));
      if (found != order_.size()) {
        errors_.add(place(), fmt::format("{} fields, but the header has {}", found, order_.size()));
        continue;
      }
      for (const std::size_t column : order_) {
        const std::string_view field = take_field(rest);
        if (column < N) fields_[column] = field;
      }
      return true;
    }
    return false;
  }

  [[nodiscard]] RecordPlace place() const { return lines_.place(); }
  /// Empty for a column that the header lacks.
  [[nodiscard]] std::string_view field(std::size_t column) const { return fields_[column]; }

  /// Adds "'name' is '<field>', but should be <expected>" at the field.
  void bad(std::size_t column, std::string_view expected) {
    const RecordPlace at{place().record, field(column).data() - text_.data()};
    errors_.add(at, fmt::format("'{}' is '{}', but should be {}", names_[column], shown(field(column)), expected));
  }

 private:
  void add_column(std::string_view written, UnknownColumns unknown) {
    std::string_view name = written;
    if (name.ends_with("(s)")) name.remove_suffix(3);
    const auto column = static_cast<std::size_t>(std::ranges::find(names_, name) - names_.begin());
    const RecordPlace at{-1, written.data() - text_.data()};
    if (column == N && unknown == UnknownColumns::refused)
      errors_.add(at, fmt::format("unknown column '{}'{}", shown(name), suggestion(name)));
    if (column < N && has(column)) errors_.add(at, fmt::format("column '{}' appears twice", name));
    order_.push_back(column);
  }

  [[nodiscard]] std::string suggestion(std::string_view name) const {
    const std::vector<std::string_view> known(names_.begin(), names_.end());
    const std::string_view near = nearest(name, known);
    return near.empty() ? fmt::format("; columns: {}", joined(known)) : fmt::format("; did you mean '{}'?", near);
  }

  std::string_view text_;
  const std::array<std::string_view, N>& names_;
  RecordErrors& errors_;
  Lines lines_;
  std::vector<std::size_t> order_;            // the file's columns as indices of names; N: passed over
  std::array<std::string_view, N> fields_{};  // of the record
};

}  // namespace tiersim::traces
