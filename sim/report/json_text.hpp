#pragma once
/// Writes JSON as text: keys in the order of the calls, two spaces of indentation, doubles in their shortest form that
/// reads back the same.
///
/// Called by json.cpp. begin/end calls nest; inside an object each value follows its key(). Numbers that JSON cannot
/// hold (NaN, infinities) become null. Deterministic.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tiersim {

class JsonText {
 public:
  JsonText& begin_object() { return open('{'); }
  JsonText& end_object() { return close('}'); }
  JsonText& begin_array() { return open('['); }
  JsonText& end_array() { return close(']'); }
  JsonText& key(std::string_view name);

  JsonText& value(std::string_view text);
  JsonText& value(const char* text) { return value(std::string_view(text)); }
  JsonText& value(double number);
  JsonText& value(std::int64_t number);
  JsonText& value(std::uint64_t number);
  JsonText& value(int number) { return value(std::int64_t{number}); }
  JsonText& value(bool flag);
  JsonText& value(std::optional<double> number);
  JsonText& value(const std::vector<std::string>& texts);

  /// An object's member at once.
  template <class T>
  JsonText& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  /// The finished document, ending in a newline.
  [[nodiscard]] std::string take();

 private:
  JsonText& open(char bracket);
  JsonText& close(char bracket);
  void before_value();
  void new_line();
  void quote(std::string_view text);

  std::string out_;
  std::size_t depth_ = 0;
  bool first_ = true;  // nothing yet inside the innermost bracket
  bool after_key_ = false;
};

}  // namespace tiersim
