// Any bytes in place of a scenario give a tree or messages, never a crash; and what was read is written so that it
// reads back the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "sim/config/units_text.hpp"
#include "sim/config/yaml.hpp"

namespace config = tiersim::config;

namespace {

void parse_quantities(const std::string& text) {
  std::string problem;
  (void)config::parse_bytes(text, problem);
  (void)config::parse_duration(text, problem);
  (void)config::parse_bandwidth(text, problem);
  (void)config::parse_compute(text, problem);
  (void)config::parse_per_second(text, problem);
  (void)config::parse_number(text, problem);
}

std::size_t longest_line(const std::string& text) {
  std::size_t longest = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    longest = std::max(longest, end - start);
    start = end + 1;
  }
  return longest;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  parse_quantities(text);

  tiersim::Diagnostics diagnostics;
  const config::Value tree = config::parse_yaml(text, "fuzz.yaml", diagnostics);
  (void)diagnostics.render();
  if (diagnostics.has_errors()) return 0;

  const std::string written = config::to_yaml(tree);
  if (longest_line(written) > 1024) return 0;  // YAML ends a key there
  tiersim::Diagnostics again;
  const config::Value reread = config::parse_yaml(written, "written.yaml", again);
  if (again.has_errors() || config::to_yaml(reread) != written) __builtin_trap();
  return 0;
}
