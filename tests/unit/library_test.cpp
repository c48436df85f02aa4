#include "sim/config/library.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace tiersim;

TEST_CASE("a folder's names are sorted, without their ending, and subfolders are left out") {
  const std::vector<std::string> names = config::names_in(TIERSIM_SOURCE_DIR "/hw");
  CHECK(std::is_sorted(names.begin(), names.end()));
  CHECK(std::count(names.begin(), names.end(), "hgx-h100x4") == 1);
  CHECK(std::count(names.begin(), names.end(), "devices") == 0);
  CHECK(config::path_in("hw", "hgx-h100x4") == "hw/hgx-h100x4.yaml");
}

TEST_CASE("a folder that does not exist has no names") { CHECK(config::names_in("/no/such/folder").empty()); }
