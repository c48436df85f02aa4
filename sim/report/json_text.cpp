#include "sim/report/json_text.hpp"

#include <fmt/format.h>

#include <limits>

#include "sim/report/number_text.hpp"

namespace tiersim {
JsonText& JsonText::key(std::string_view name) {
  before_value();
  quote(name);
  out_ += ": ";
  after_key_ = true;
  return *this;
}

JsonText& JsonText::value(std::string_view text) { return before_value(), quote(text), *this; }
JsonText& JsonText::value(std::int64_t number) { return before_value(), append_number(number, out_), *this; }
JsonText& JsonText::value(std::uint64_t number) { return before_value(), append_number(number, out_), *this; }
JsonText& JsonText::value(bool flag) { return before_value(), out_ += flag ? "true" : "false", *this; }

JsonText& JsonText::value(double number) {
  before_value();
  const bool finite = number - number == 0;
  if (finite) {
    append_number(number, out_);
  } else {
    out_ += "null";
  }
  return *this;
}

JsonText& JsonText::value(std::optional<double> number) {
  return value(number.value_or(std::numeric_limits<double>::quiet_NaN()));
}

JsonText& JsonText::value(const std::vector<std::string>& texts) {
  begin_array();
  for (const std::string& t : texts) value(t);
  return end_array();
}

std::string JsonText::take() { return std::move(out_ += '\n'); }

JsonText& JsonText::open(char bracket) {
  before_value();
  out_ += bracket;
  ++depth_;
  first_ = true;
  return *this;
}

JsonText& JsonText::close(char bracket) {
  --depth_;
  if (!first_) new_line();
  out_ += bracket;
  first_ = false;
  return *this;
}

void JsonText::before_value() {
  if (!after_key_ && depth_ > 0) {
    if (!first_) out_ += ',';
    new_line();
  }
  first_ = after_key_ = false;
}

void JsonText::new_line() { out_.append(1, '\n').append(2 * depth_, ' '); }

void JsonText::quote(std::string_view text) {
  out_ += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out_.append(1, '\\').append(1, c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out_ += c;
    }
  }
  out_ += '"';
}

}  // namespace tiersim
