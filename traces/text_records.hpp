#pragma once
/// What the readers of text formats share: lines with their places, and numbers without locale or rounding surprises.
///
/// All of it works on the mapped bytes and allocates nothing. O(1) per byte.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "traces/record_errors.hpp"

namespace tiersim::traces {

/// Goes through a text line by line. Ends at \n, \r\n or the end of the text; blank lines are passed over uncounted.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  /// False at the end. `header` lines have no record number and do not count.
  bool next(bool header = false);
  [[nodiscard]] std::string_view line() const { return line_; }  ///< without its end
  [[nodiscard]] RecordPlace place() const { return {record_, static_cast<std::int64_t>(line_.data() - text_.data())}; }

 private:
  std::string_view text_;
  std::string_view line_;
  std::size_t at_ = 0;
  std::int64_t count_ = 0;
  std::int64_t record_ = -1;
};

/// Digits only.
[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view text);

/// Seconds as "12", "12.3456", ".5" or "1e-3" to nanoseconds, exactly, halves rounded up; nothing for a sign, other
/// text or more than 2^63 ns.
[[nodiscard]] std::optional<std::int64_t> nanoseconds_of_seconds(std::string_view text);

/// The text up to the next `separator`, which is taken off `rest` with it; all of it if there is none.
[[nodiscard]] std::string_view take_field(std::string_view& rest, char separator = ',');

/// For messages: at most 40 characters, anything unprintable as '?'.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace tiersim::traces
