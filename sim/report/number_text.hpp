#pragma once
/// Numbers for programs: digits only, the same on every machine. Doubles in the shortest form that reads back the same.
#include <array>
#include <charconv>
#include <string>

namespace tiersim {

template <class Number>
void append_number(Number value, std::string& out) {
  std::array<char, 32> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

}  // namespace tiersim
