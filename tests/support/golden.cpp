#include "tests/support/golden.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace tiersim::test {
namespace {

namespace fs = std::filesystem;

bool accepting() {
  const char* accept = std::getenv("TIERSIM_ACCEPT");
  return accept != nullptr && std::string_view(accept) == "1";
}

std::string first_difference(std::string_view expected, std::string_view actual) {
  std::istringstream a{std::string(expected)}, b{std::string(actual)};
  for (int number = 1;; ++number) {
    std::string x, y;
    const bool more_x = static_cast<bool>(std::getline(a, x)), more_y = static_cast<bool>(std::getline(b, y));
    if (!more_x && !more_y) return "line ends differ";
    if (more_x != more_y || x != y)
      return fmt::format("line {}:\n  expected: {}\n  actual:   {}", number, more_x ? x : "(the end)",
                         more_y ? y : "(the end)");
  }
}

}  // namespace

std::string golden_difference(const std::string& name, std::string_view text) {
  const fs::path path = fs::path(TIERSIM_SOURCE_DIR) / "tests/golden/expected" / name;
  if (accepting()) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return {};
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return fmt::format("no file {}: record it with 'tools/dev golden --accept'", path.string());
  std::ostringstream expected;
  expected << in.rdbuf();
  if (expected.str() == text) return {};
  return fmt::format("{}, {}", path.string(), first_difference(expected.str(), text));
}

}  // namespace tiersim::test
