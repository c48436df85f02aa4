#include "traces/text_records.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace tiersim::traces {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// A decimal number as digits x 10^exponent; digits beyond the 18th only move the exponent.
struct Decimal {
  std::uint64_t digits = 0;
  int exponent = 0;
};

class DecimalParser {
 public:
  explicit DecimalParser(std::string_view text) : rest_(text) {}

  std::optional<Decimal> parse() {
    take_digits(0);
    if (take('.')) take_digits(-1);
    if (!any_digits_) return {};
    if ((take('e') || take('E')) && !take_exponent()) return {};
    if (!rest_.empty()) return {};
    return value_;
  }

 private:
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void take_digits(int exponent_per_digit) {
    constexpr std::uint64_t kRoom = 99'999'999'999'999'999;
    for (; !rest_.empty() && is_digit(rest_.front()); rest_.remove_prefix(1)) {
      any_digits_ = true;
      const bool fits = value_.digits <= kRoom;
      if (fits) value_.digits = 10 * value_.digits + static_cast<std::uint64_t>(rest_.front() - '0');
      value_.exponent += exponent_per_digit + (fits ? 0 : 1);
    }
  }

  bool take_exponent() {
    const bool negative = take('-');
    if (!negative) take('+');
    int exponent = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), exponent);
    if (error != std::errc() || exponent < 0 || exponent > 1000) return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    value_.exponent += negative ? -exponent : exponent;
    return true;
  }

  std::string_view rest_;
  Decimal value_;
  bool any_digits_ = false;
};

}  // namespace

bool Lines::next(bool header) {
  while (at_ < text_.size()) {
    const char* begin = text_.data() + at_;
    const std::size_t left = text_.size() - at_;
    const void* end = std::memchr(begin, '\n', left);
    const std::size_t length = end ? static_cast<std::size_t>(static_cast<const char*>(end) - begin) : left;
    at_ += length + 1;
    line_ = without_return({begin, length});
    if (line_.find_first_not_of(" \t") == std::string_view::npos) continue;
    record_ = header ? -1 : ++count_;
    return true;
  }
  return false;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return {};
  return value;
}

std::optional<std::int64_t> nanoseconds_of_seconds(std::string_view text) {
  const auto decimal = DecimalParser(text).parse();
  if (!decimal) return {};
  std::uint64_t value = decimal->digits;
  int exponent = decimal->exponent + 9;
  for (; exponent > 0 && value > 0; --exponent) {
    if (value > INT64_MAX / 10) return {};
    value *= 10;
  }
  for (; exponent < -1 && value > 0; ++exponent) value /= 10;
  if (exponent == -1) value = (value + 5) / 10;
  return static_cast<std::int64_t>(value);
}

std::string_view take_field(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return field;
}

std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 40;
  std::string out(text.substr(0, kMost));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  if (text.size() > kMost) out += "...";
  return out;
}

}  // namespace tiersim::traces
