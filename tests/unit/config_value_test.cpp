#include <doctest/doctest.h>

#include <string>

#include "sim/config/fields.hpp"
#include "sim/config/overrides.hpp"
#include "sim/config/yaml.hpp"

using namespace tiersim;
using namespace tiersim::config;

namespace {

Value parsed(const std::string& text) {
  Diagnostics d;
  Value v = parse_yaml(text, "s.yaml", d);
  REQUIRE_MESSAGE(!d.has_errors(), d.render());
  return v;
}

}  // namespace

TEST_CASE("short lists and maps of scalars stay on one line, longer ones do not") {
  const std::string text =
      "model: llama\n"
      "hierarchy:\n"
      "  - {tier: hbm, eviction: vllm}\n"
      "  - {tier: dram, capacity: 1 TiB}\n"
      "empty: {}\n"
      "none: []\n"
      "nothing: null\n"
      "nested:\n"
      "  - - 1\n"
      "    - [2, 3]\n";
  CHECK(to_yaml(parsed(text)) == text);

  std::string list = "[" + std::string(40, 'x') + ", " + std::string(40, 'y') + "]";
  CHECK(to_yaml(parsed("a: " + list)) == "a: " + list + "\n");
  CHECK(to_yaml(parsed("long_key_of_a_list: " + list)) ==
        "long_key_of_a_list:\n  - " + std::string(40, 'x') + "\n  - " + std::string(40, 'y') + "\n");
}

TEST_CASE("scalars are quoted where YAML would read something else") {
  for (const char* text :
       {"",   "~",  "null", "a: b", "a #b", "- a",   "[a",   "a, b", "x:",  " x", "x ", "\"x", "it's {", "<<",
        "@x", "%x", "---",  "...",  "a\nb", "tab\t", "\x01", "\\",   "# x", "a]", "!x", "&x",  "*x"}) {
    Value v = scalar(text);
    const Value again = parsed(to_yaml(v));
    CHECK(again.kind == Kind::scalar);
    CHECK(again.scalar == text);
  }
  CHECK(to_yaml(scalar("a:b")) == "a:b\n");
  CHECK(to_yaml(scalar("-5 ms")) == "-5 ms\n");
}

TEST_CASE("origins follow each scalar in a column") {
  Value v = parsed("model: llama\ntiers: [hbm, dram]\n");
  Diagnostics d;
  apply_override(v, "seed=7", d);
  v.entries.emplace_back("rate", scalar("1x"));

  CHECK(to_yaml(v, true) ==
        "model: llama  # s.yaml:1\n"
        "tiers:\n"
        "  - hbm       # s.yaml:2\n"
        "  - dram      # s.yaml:2\n"
        "seed: 7       # --set\n"
        "rate: 1x      # default\n");
  CHECK(to_yaml(parsed(to_yaml(v, true))) == to_yaml(v));
}
