// Inputs that scenario_yaml_fuzz.cpp once found.
#include <doctest/doctest.h>

#include "sim/config/yaml.hpp"

using namespace tiersim;

TEST_CASE("does a comma before the first key end in a message rather than in endless empty documents?") {
  Diagnostics diagnostics;
  (void)config::parse_yaml(", a: b\n", "comma.yaml", diagnostics);
  CHECK(diagnostics.has_errors());
}

TEST_CASE("does a word that ends in a question mark survive being written in a list?") {
  Diagnostics diagnostics;
  const std::string written = config::to_yaml(config::parse_yaml("- 2?\n", "list.yaml", diagnostics));
  const config::Value again = config::parse_yaml(written, "written.yaml", diagnostics);
  REQUIRE_FALSE(diagnostics.has_errors());
  REQUIRE(again.items.size() == 1);
  CHECK(again.items[0].scalar == "2?");
}
