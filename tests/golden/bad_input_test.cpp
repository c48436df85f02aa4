// The catalogue of mistakes: every scenario of bad_input/ and every line of bad_input/commands.txt gets its message,
// exit status 2, and leaves nothing behind; every scenario of warnings/ gets its warning and would run. To add one: put
// the file or the line there, then tools/dev golden --accept.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/command.hpp"
#include "tests/support/golden.hpp"

using namespace tiersim::test;

namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "tests/golden/bad_input";
constexpr const char* kWarnings = "tests/golden/warnings";

struct Mistake {
  std::string name, line;
};

/// A command for each scenario of a folder, in the order of their names.
std::vector<Mistake> scenarios(const std::string& folder, const std::string& command, const std::string& options) {
  std::vector<Mistake> out;
  for (const auto& entry : fs::directory_iterator(fs::path(TIERSIM_SOURCE_DIR) / folder)) {
    if (entry.path().extension() != ".yaml") continue;
    const std::string file = entry.path().filename().string();
    out.push_back({entry.path().stem().string(), command + " " + folder + "/" + file + options});
  }
  std::sort(out.begin(), out.end(), [](const Mistake& a, const Mistake& b) { return a.name < b.name; });
  return out;
}

/// "name: command" a line; '#' begins a comment.
std::vector<Mistake> commands() {
  std::vector<Mistake> out;
  std::ifstream in(fs::path(TIERSIM_SOURCE_DIR) / kFolder / "commands.txt");
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(": ");
    if (line.empty() || line[0] == '#' || colon == std::string::npos) continue;
    out.push_back({line.substr(0, colon), line.substr(colon + 2)});
  }
  return out;
}

void check(const Workplace& place, const std::string& recorded, const Mistake& mistake) {
  const Ran ran = place.run(mistake.line);
  INFO(mistake.name << ": " << mistake.line << "\n" << ran.err);
  CHECK(ran.status == 2);
  CHECK(ran.out == "");
  expect_golden(recorded + mistake.name + ".txt", ran.err);
  CHECK(fs::remove_all(place.path("out")) == 0);
}

}  // namespace

TEST_CASE("does every scenario with a mistake get its message and leave nothing behind?") {
  const Workplace place;
  const auto all = scenarios(kFolder, "tiersim run", " --out out");
  CHECK(all.size() >= 40);
  for (const Mistake& mistake : all) check(place, "bad_input/", mistake);
}

TEST_CASE("does every questionable scenario get its warning, and pass?") {
  const Workplace place;
  for (const Mistake& doubt : scenarios(kWarnings, "tiersim check", "")) {
    const Ran ran = place.run(doubt.line);
    INFO(doubt.name << "\n" << ran.err);
    CHECK(ran.status == 0);
    CHECK(ran.out.starts_with("ok: "));
    expect_golden("warnings/" + doubt.name + ".txt", ran.err);
  }
}

TEST_CASE("does every mistaken command get its message and leave nothing behind?") {
  const Workplace place;
  for (const Mistake& mistake : commands()) check(place, "bad_command/", mistake);
}
