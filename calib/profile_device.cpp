#include "calib/profile_device.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace tiersim::calib {
namespace {

using Words = std::vector<std::string>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_word(char c) { return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z'); }

Words words_of(std::string_view name) {
  Words words(1);
  for (const char c : name) {
    if (is_word(c)) {
      words.back() += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

/// "h200", "4090", but neither "80gb" nor the "sxm4" of a socket.
bool names_model(const std::string& word) {
  const bool digits = std::any_of(word.begin(), word.end(), is_digit);
  return digits && !word.ends_with("gb") && !word.starts_with("sxm") && !word.starts_with("hbm");
}

bool contains(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

bool same_device(std::string_view one, std::string_view other) {
  const Words a = words_of(one), b = words_of(other);
  const auto model = std::find_if(a.begin(), a.end(), names_model);
  if (model != a.end() && std::any_of(b.begin(), b.end(), names_model)) return contains(b, *model);
  const Words &few = a.size() < b.size() ? a : b, &many = a.size() < b.size() ? b : a;
  return std::all_of(few.begin(), few.end(), [&](const std::string& word) { return contains(many, word); });
}

}  // namespace tiersim::calib
