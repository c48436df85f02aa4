// Every file of hw/ bears its own name, and every figure in it says where it comes from.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <regex>

#include "tests/support/machine_files.hpp"
#include "tests/support/sources.hpp"

using namespace tiersim::test;

namespace {

const std::string kRoot = TIERSIM_SOURCE_DIR "/";

/// "  key: 12 GB/s", a key whose value starts with a number.
bool is_figure(const std::string& line) {
  static const std::regex pattern(R"(^\s*(- )?[a-z0-9_]+:\s+-?\.?[0-9].*)");
  static const std::regex name(R"(^\s*(- )?(name|gpu|cpu|nic|drive):.*)");  // "980-pro-2tb" is no figure
  return std::regex_match(line, pattern) && !std::regex_match(line, name);
}

/// Figures without a comment behind them or a line of comment above them.
std::vector<std::string> unsourced(const std::string& path) {
  std::vector<std::string> findings;
  std::ifstream in(kRoot + path);
  bool comment_above = false;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (is_figure(line) && line.find(" # ") == std::string::npos && !comment_above)
      findings.push_back(path + ":" + std::to_string(number) + ": no source for: " + line);
    const std::size_t first = line.find_first_not_of(' ');
    comment_above = first == 0 && line[0] == '#' && number > 1;
  }
  return findings;
}

void check_sources(const std::vector<std::string>& names, const std::string& folder) {
  for (const std::string& name : names) {
    const std::vector<std::string> findings = unsourced(folder + "/" + name + ".yaml");
    INFO(joined(findings));
    CHECK(findings.empty());
  }
}

}  // namespace

TEST_CASE("does every figure of every machine and device say where it comes from?") {
  check_sources(machine_names(), "hw");
  check_sources(device_names(), "hw/devices");
}

TEST_CASE("does every machine and device bear its file's name, and every device say its kind?") {
  for (const std::string& name : machine_names()) CHECK(machine_file(name).find("name")->scalar == name);
  for (const std::string& name : device_names()) {
    CAPTURE(name);
    const auto device = device_file(name);
    CHECK(device.find("name")->scalar == name);
    const auto* kind = device.find("kind");
    REQUIRE(kind != nullptr);
    const std::vector<std::string> kinds = {"gpu", "cpu", "drive", "csd", "cxl", "nic"};
    CHECK(std::find(kinds.begin(), kinds.end(), kind->scalar) != kinds.end());
  }
}

TEST_CASE("does the manual of hw name every machine and device?") {
  std::ifstream in(kRoot + "hw/README.md");
  const std::string manual{std::istreambuf_iterator<char>(in), {}};
  for (const std::string& name : machine_names()) {
    CAPTURE(name);
    CHECK(manual.find("](" + name + ".yaml)") != std::string::npos);
  }
  for (const std::string& name : device_names()) {
    CAPTURE(name);
    CHECK(manual.find("](devices/" + name + ".yaml)") != std::string::npos);
  }
}
