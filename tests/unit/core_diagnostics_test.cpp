#include <doctest/doctest.h>

#include <string>

#include "sim/core/diagnostics.hpp"

using namespace tiersim;

namespace {

SourceMark mark(int line, int column, int width, std::string text) {
  SourceMark m;
  m.file = "a.yaml";
  m.line = line;
  m.column = column;
  m.width = width;
  m.text = std::move(text);
  return m;
}

}  // namespace

TEST_CASE("a message shows its place, the line, a caret as wide as the word, and its notes") {
  Diagnostics d;
  d.error(mark(14, 7, 8, "      bandwith: 100 GB/s"), "unknown key 'bandwith' in tier 'dram'")
      .notes.push_back("did you mean 'bandwidth'?");

  CHECK(d.render() ==
        "a.yaml:14:7: error: unknown key 'bandwith' in tier 'dram'\n"
        "   14 |       bandwith: 100 GB/s\n"
        "      |       ^~~~~~~~\n"
        "      = did you mean 'bandwidth'?\n");
}

TEST_CASE("messages come in the order of their places, whatever the order in which they were found") {
  Diagnostics d;
  d.error(mark(9, 1, 1, "x"), "third");
  d.warning(mark(2, 5, 1, "abcde"), "second");
  d.error(mark(2, 1, 1, "abcde"), "first");

  const std::string text = d.render();
  CHECK(text.find("first") < text.find("second"));
  CHECK(text.find("second") < text.find("third"));
  CHECK(text.find("a.yaml:2:5: warning: second") != std::string::npos);
}

TEST_CASE("a trace's message names file, record and byte") {
  Diagnostics d;
  SourceMark m;
  m.file = "t.jsonl";
  m.record = 3;
  m.byte = 120;
  d.error(m, "no timestamp");

  CHECK(d.render() == "t.jsonl: record 3, byte 120: error: no timestamp\n");
}

TEST_CASE("a --set argument is quoted without a line number") {
  Diagnostics d;
  SourceMark m;
  m.file = "--set";
  m.text = "a.b=x";
  m.column = 5;
  d.error(m, "wrong");

  CHECK(d.render() == "--set: error: wrong\n      | a.b=x\n      |     ^\n");
}

TEST_CASE("what a message quotes cannot steer the terminal, and long lines are cut around the place") {
  Diagnostics d;
  d.error(mark(1, 3, 1, "\t\x1B[31m\r"), "bad \x1B here");
  CHECK(d.render() == "a.yaml:1:3: error: bad   here\n    1 |   [31m\n      |   ^\n");

  Diagnostics far;
  far.error(mark(1, 5001, 3, std::string(5000, 'x') + "bad" + std::string(5000, 'y')), "wrong");
  const std::string text = far.render();
  CHECK(text.size() < 500);
  const auto line = text.find("...xx"), caret = text.find('^');
  REQUIRE(line != std::string::npos);
  const auto bad = text.find("bad"), end_of_line = text.find('\n', bad);
  CHECK(bad - line == caret - (end_of_line + 1) - 8);
  CHECK(text.substr(caret, 4) == "^~~\n");
}

TEST_CASE("bad input is thrown only when there is an error") {
  Diagnostics d;
  d.warning({}, "mind this");
  CHECK_NOTHROW(throw_if_errors(d));
  CHECK_FALSE(d.has_errors());
  d.error({}, "no scenario");
  CHECK_THROWS_WITH_AS(throw_if_errors(d), "warning: mind this\nerror: no scenario\n", BadInput);
}

TEST_CASE("the nearest word is suggested, and nothing where nothing is near") {
  CHECK(nearest("bandwith", {"latency", "bandwidth", "capacity"}) == "bandwidth");
  CHECK(nearest("evicton", {"eviction", "admission"}) == "eviction");
  CHECK(nearest("zzz", {"latency", "bandwidth"}).empty());
  CHECK(nearest("x", {}).empty());
}

TEST_CASE("a broken invariant is an InternalError") {
  CHECK_NOTHROW(ensure(true, "fine"));
  CHECK_THROWS_WITH_AS(ensure(false, "broken"), "broken", InternalError);
}
