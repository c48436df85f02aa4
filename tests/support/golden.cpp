#include "tests/support/golden.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

namespace tiersim::test {
namespace {

namespace fs = std::filesystem;

bool accepts() {
  const char* value = std::getenv("TIERSIM_ACCEPT");
  return value != nullptr && std::string_view(value) == "1";
}

std::string first_difference(const std::string& expected, const std::string& actual) {
  std::istringstream a(expected), b(actual);
  std::string left, right;
  for (int line = 1;; ++line) {
    const bool more_left = static_cast<bool>(std::getline(a, left)),
               more_right = static_cast<bool>(std::getline(b, right));
    if (!more_left && !more_right) return "only the end of the last line differs";
    if (!more_left) left = "(end)";
    if (!more_right) right = "(end)";
    if (left != right) return "line " + std::to_string(line) + "\n  recorded: " + left + "\n  now:      " + right;
  }
}

}  // namespace

void expect_golden(const std::string& name, const std::string& text) {
  const fs::path path = fs::path(TIERSIM_SOURCE_DIR) / "tests/golden/expected" / name;
  if (accepts()) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ifstream in(path, std::ios::binary);
  std::ostringstream recorded;
  recorded << in.rdbuf();
  INFO("tests/golden/expected/", name, " (record it with: tools/dev golden --accept)");
  REQUIRE(in.good());
  if (recorded.str() != text) FAIL_CHECK(first_difference(recorded.str(), text));
}

}  // namespace tiersim::test
