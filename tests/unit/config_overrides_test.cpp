#include <doctest/doctest.h>

#include <string>

#include "sim/config/overrides.hpp"
#include "sim/config/yaml.hpp"

using namespace tiersim;
using namespace tiersim::config;

namespace {

struct Outcome {
  Value tree;
  std::string problems;
};

Outcome after(const std::string& argument) {
  Diagnostics d;
  Value v = parse_yaml("model: llama\ntiers: [{tier: hbm}, {tier: dram, size: 4 B}, {id: x}, {id: x}]\n", "s.yaml", d);
  apply_override(v, argument, d);
  return {v, d.render()};
}

}  // namespace

TEST_CASE("a path reaches keys, list items by name or index, and makes the maps that are missing") {
  CHECK(after("model=opt").tree.find("model")->scalar == "opt");
  CHECK(after("tiers.dram.size=2TiB").tree.find("tiers")->items[1].find("size")->scalar == "2TiB");
  CHECK(after("tiers.0.size=1 B").tree.find("tiers")->items[0].find("size")->scalar == "1 B");
  CHECK(after("serving.limits.seats=3").tree.find("serving")->find("limits")->find("seats")->scalar == "3");
  CHECK(after("tiers=[a, {b: c}]").tree.find("tiers")->items[1].find("b")->scalar == "c");
  CHECK(after("model='a=b'").tree.find("model")->scalar == "a=b");
  CHECK(after("model=").tree.find("model")->kind == Kind::null);
}

TEST_CASE("the new value's mark is the argument, the column its place in it") {
  const Value v = after("tiers.dram.size={a: 2TiB}").tree;
  const Value& size = *v.find("tiers")->items[1].find("size");
  const SourceMark& mark = size.find("a")->mark;
  CHECK(mark.file == "--set");
  CHECK(mark.text == "tiers.dram.size={a: 2TiB}");
  CHECK(mark.line == 0);
  CHECK(mark.column == 21);
  CHECK(mark.width == 4);
  CHECK(size.key_marks[0].column == 18);
}

TEST_CASE("a path that leads nowhere says where it ends and what is there") {
  CHECK(after("tiers.dran.size=1").problems ==
        "--set: error: the list has no item 'dran'\n"
        "      | tiers.dran.size=1\n"
        "      |       ^~~~\n"
        "      = did you mean 'dram'?\n"
        "      = items here: hbm, dram, x, x\n"
        "      = or an index from 0 to 3\n");
  CHECK(after("model.size=1").problems ==
        "--set: error: there is nothing below 'llama': it is a single value\n"
        "      | model.size=1\n"
        "      |       ^~~~\n");
  CHECK(after("tiers.4=1").problems.find("no item '4'") != std::string::npos);
  CHECK(after("tiers.x.size=1").problems.find("2 items of the list are named 'x'") != std::string::npos);
}

TEST_CASE("an argument that is no path=value is an error and changes nothing") {
  for (const char* argument :
       {"model", "=1", "a..b=1", ".a=1", "a.=1", "model=[1", "model={a: 1, a: 2}", "model=b: c: d"}) {
    const Outcome outcome = after(argument);
    INFO(argument);
    CHECK(outcome.problems.starts_with("--set: error: "));
    CHECK(outcome.tree.entries.size() == 2);
    CHECK(outcome.tree.find("model")->scalar == "llama");
  }
  CHECK(after("a.b={c: 1, c: 2}").problems.find("| a.b={c: 1, c: 2}\n      |            ^\n") != std::string::npos);
}
