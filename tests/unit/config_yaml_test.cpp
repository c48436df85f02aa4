#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "sim/config/yaml.hpp"

using namespace tiersim;
using namespace tiersim::config;

namespace {

/// All messages about a text.
std::string problems_of(const std::string& text) {
  Diagnostics d;
  static_cast<void>(parse_yaml(text, "in.yaml", d));
  return d.render();
}

Value parsed(const std::string& text) {
  Diagnostics d;
  Value v = parse_yaml(text, "in.yaml", d);
  REQUIRE_MESSAGE(!d.has_errors(), d.render());
  return v;
}

std::string problems_of_file(const std::string& path) {
  Diagnostics d;
  CHECK(load_yaml(path, d).kind == Kind::null);
  return d.render();
}

/// A folder of this test's own, gone with it.
struct Scratch {
  std::filesystem::path path = std::filesystem::temp_directory_path() / "tiersim_config_yaml_test";
  Scratch() { std::filesystem::create_directories(path); }
  ~Scratch() { std::filesystem::remove_all(path); }
  [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return path / name;
  }
};

}  // namespace

TEST_CASE("a tree keeps kinds, order, quotes and the place of every key and value") {
  const Value v = parsed("# a comment\nmodel: llama\ntiers:\n  - {tier: hbm, note: 'it''s \"x\"'}\n  - ~\nseed:\n");

  REQUIRE(v.kind == Kind::map);
  REQUIRE(v.entries.size() == 3);
  CHECK(v.entries[0].first == "model");
  CHECK(v.find("model")->scalar == "llama");
  CHECK(v.find("model")->mark.line == 2);
  CHECK(v.find("model")->mark.column == 8);
  CHECK(v.find("model")->mark.width == 5);
  CHECK(v.key_marks[0].column == 1);
  CHECK(v.key_marks[0].width == 5);
  const Value& tiers = *v.find("tiers");
  REQUIRE(tiers.items.size() == 2);
  const Value& note = *tiers.items[0].find("note");
  CHECK(note.quoted);
  CHECK(note.scalar == "it's \"x\"");
  CHECK(note.mark.column == 23);
  CHECK(note.mark.width == 11);
  CHECK(tiers.items[1].kind == Kind::null);
  CHECK(v.find("seed")->kind == Kind::null);
  CHECK(v.find("seed")->mark.line == 6);
  CHECK(v.find("nothing") == nullptr);
}

TEST_CASE("columns count characters, not bytes, and Windows line ends change nothing") {
  const Value v = parsed("\"\xC3\xBC\": {a: \xC3\xB6\xC3\xB6, b: c}\r\nx: y\r\n");
  CHECK(v.entries[0].second.find("b")->mark.column == 17);
  CHECK(v.entries[0].second.find("a")->mark.width == 2);
  CHECK(v.find("x")->scalar == "y");
  CHECK(v.find("x")->mark.line == 2);
}

TEST_CASE("duplicate keys are errors at the second one, at every depth, and the first one stays") {
  CHECK(problems_of("a: 1\nb: {c: 1, c: 2}\na: 3\n") ==
        "in.yaml:2:11: error: duplicate key 'c'\n"
        "    2 | b: {c: 1, c: 2}\n"
        "      |           ^\n"
        "      = first written in line 2\n"
        "in.yaml:3:1: error: duplicate key 'a'\n"
        "    3 | a: 3\n"
        "      | ^\n"
        "      = first written in line 1\n");
  Diagnostics d;
  CHECK(parse_yaml("a: 1\na: 2\n", "x", d).find("a")->scalar == "1");
}

TEST_CASE("duplicates are found in large maps too") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += fmt::format("k{}: 1\n", i);
  const std::string said = problems_of(text + "k0: 1\nk50: 2\nk99: 3\n");
  for (const char* key : {"'k0'", "'k50'", "'k99'"}) CHECK(said.find(key) != std::string::npos);
  CHECK(said.find("first written in line 51") != std::string::npos);
  CHECK(problems_of(text).empty());
}

TEST_CASE("an alias copies what its anchor names; merging, cycles and floods are errors") {
  const Value v = parsed("a: &x {b: [1, 2]}\nc: *x\n");
  CHECK(to_yaml(v) == "a:\n  b: [1, 2]\nc:\n  b: [1, 2]\n");

  CHECK(problems_of("a: &x {b: 1}\nc: {<<: *x}\n").find("2:5: error: maps cannot be merged") != std::string::npos);
  CHECK(problems_of("a: &x [*x]\n").find("1:8: error: this alias stands inside") != std::string::npos);
  CHECK(problems_of("a: *x\n").find("1:4: error: this alias names no anchor") != std::string::npos);

  std::string flood = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    flood += fmt::format("l{}: &l{} [", i, i);
    for (int k = 0; k < 10; ++k) flood += fmt::format("{}*l{}", k == 0 ? "" : ", ", i - 1);
    flood += "]\n";
  }
  CHECK(problems_of(flood).find("aliases expand to more than 100000 values") != std::string::npos);
}

TEST_CASE("what is no plain YAML map gets a message with its place") {
  const auto says = [](const std::string& text, const std::string& message) {
    const std::string said = problems_of(text);
    INFO(said);
    return said.starts_with("in.yaml:" + message) && said.find("error:", said.find("error:") + 1) == std::string::npos;
  };
  CHECK(says("a: 1\n---\nb: 2\n", "2:1: error: a second document starts here"));
  CHECK(says("- a\nb: 1\n", "2:1: error: this cannot stand here"));
  CHECK(says(", a: 1\n", "1:1: error: this cannot stand here"));
  CHECK(says("a:\n\tb: 1\n", "2:1: error: a tab cannot indent YAML"));
  CHECK(says("a: b: c\n", "1:5: error: unexpected ':'"));
  CHECK(says("a:\n  b: 1\n c: 2\n", "3:2: error: this does not belong to the map above: check the indentation"));
  CHECK(says("a: [1, 2\n", "2:1: error: '[' without its ']'"));
  CHECK(says("a: {b: 2\n", "2:1: error: '{' without its '}'"));
  CHECK(says("a: \"b\nc: d\n", "1:4: error: a quote is never closed"));
  CHECK(says("a: &x 'b\n", "1:4: error: a quote is never closed"));
  CHECK(says("a: @b\n", "1:4: error: a value cannot start with this character"));
  CHECK(says("a: !!int 3\n", "1:4: error: the tag"));
  CHECK(says("[1, 2]: 3\n", "1:1: error: a key must be a word, found a list"));
  CHECK(says("~: 3\n", "1:1: error: a key must be a word, found nothing"));
  CHECK(says("a: \xFF\n", "1:4: error: byte 0xFF is not text"));
  CHECK(says("a: \xC0\xAF\n", "1:4: error: byte 0xC0 is not text"));
  CHECK(says("a: \xED\xA0\x80\n", "1:4: error: byte 0xED is not text"));
  CHECK(says("a: b\x1B[31m\n", "1:5: error: byte 0x1B is not text"));
  CHECK(says(std::string("a: b\0c\n", 7), "1:5: error: byte 0x00 is not text"));
  CHECK(says(std::string(100'000, '['), "1:100001: error: more than 250 levels of lists and maps"));
}

TEST_CASE("a text of nothing is null, not an error") {
  CHECK(parsed("").kind == Kind::null);
  CHECK(parsed("# nothing\n").kind == Kind::null);
}

TEST_CASE("a file that cannot be used says why") {
  const Scratch scratch;
  const std::string folder = scratch.path, missing = folder + "/missing.yaml",
                    empty = scratch.file("empty.yaml", "# x\n");
  CHECK(problems_of_file(folder) == folder + ": error: the file is a folder, not a file\n");
  CHECK(problems_of_file(missing) == missing + ": error: the file cannot be read: No such file or directory\n");
  CHECK(problems_of_file(empty) == empty + ": error: the file is empty\n");
  CHECK(problems_of_file("/dev/zero") == "/dev/zero: error: the file is larger than 64 MiB\n");
}

TEST_CASE("a message about a file quotes the file's line, a byte order mark shifts nothing") {
  const Scratch scratch;
  const std::string path = scratch.file("twice.yaml",
                                        "\xEF\xBB\xBF"
                                        "a: 1\r\na: 2\r\n");
  Diagnostics d;
  CHECK(load_yaml(path, d).find("a")->mark.column == 4);
  CHECK(d.render() ==
        path + ":2:1: error: duplicate key 'a'\n    2 | a: 2\n      | ^\n      = first written in line 1\n");
}
