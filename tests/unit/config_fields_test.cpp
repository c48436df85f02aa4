#include <doctest/doctest.h>

#include <string>

#include "sim/config/fields.hpp"
#include "sim/config/yaml.hpp"

using namespace tiersim;
using namespace tiersim::config;
using namespace tiersim::literals;

namespace {

struct Read {
  std::string problems;
  std::string resolved;
};

/// Reads one map with `getters`, which takes a Fields&.
template <class Getters>
Read read(const std::string& text, Getters getters) {
  Diagnostics d;
  const Value v = parse_yaml(text, "in.yaml", d);
  Fields fields(v, "tier 'dram'", d);
  getters(fields);
  fields.finish();
  return {d.render(), to_yaml(fields.resolved(), true)};
}

}  // namespace

TEST_CASE(
    "every kind of value is read, and the resolved map spells all of them with their origins, in order of reading") {
  const std::string text =
      "share: 25%\nsize: 1.5 TiB\nwait: 0.25 ms\nblock: 16 tokens\nspeed: 55 GB/s\npower: 989 TFLOP/s\nrate: 2x\n"
      "arrivals: 60/min\nscale: -0.5\nseats: 256\nstrict: false\nname: \"a b\"\nmode: lru\n";
  const Read r = read(text, [](Fields& f) {
    CHECK(f.bytes("size") == 1536_GiB);
    CHECK(f.duration("wait") == 250_us);
    CHECK(f.tokens("block") == 16_tok);
    CHECK(f.bandwidth("speed") == 55_GBps);
    CHECK(f.compute("power") == 989_TFLOPs);
    CHECK(f.fraction("share") == 0.25);
    CHECK(f.multiple("rate") == 2.0);
    CHECK(f.per_second("arrivals") == 1.0);
    CHECK(f.number("scale") == -0.5);
    CHECK(f.count("seats") == 256);
    CHECK_FALSE(f.flag("strict"));
    CHECK(f.text("name") == "a b");
    CHECK(f.choice("mode", {"lru", "fifo"}) == "lru");
    CHECK(f.bytes("extra", 2_GiB) == 2_GiB);
    CHECK(f.flag("quick", true));
    CHECK(f.text("label", "none") == "none");
    CHECK(f.choice("write", {"back", "through"}, "back") == "back");
  });
  CHECK(r.problems.empty());
  CHECK(r.resolved ==
        "size: 1.5 TiB       # in.yaml:2\n"
        "wait: 250 us        # in.yaml:3\n"
        "block: 16 tokens    # in.yaml:4\n"
        "speed: 55 GB/s      # in.yaml:5\n"
        "power: 989 TFLOP/s  # in.yaml:6\n"
        "share: 0.25         # in.yaml:1\n"
        "rate: 2x            # in.yaml:7\n"
        "arrivals: 1/s       # in.yaml:8\n"
        "scale: -0.5         # in.yaml:9\n"
        "seats: 256          # in.yaml:10\n"
        "strict: false       # in.yaml:11\n"
        "name: \"a b\"         # in.yaml:12\n"
        "mode: lru           # in.yaml:13\n"
        "extra: 2 GiB        # default\n"
        "quick: true         # default\n"
        "label: none         # default\n"
        "write: back         # default\n");
}

TEST_CASE("an unknown key is an error at the key, with the nearest known one and all of them") {
  const Read r = read("name: dram\nbandwith: 100 GB/s\n", [](Fields& f) {
    f.text("name");
    f.bandwidth("bandwidth", 1_GBps);
  });
  CHECK(r.problems ==
        "in.yaml:2:1: error: unknown key 'bandwith' in tier 'dram'\n"
        "    2 | bandwith: 100 GB/s\n"
        "      | ^~~~~~~~\n"
        "      = did you mean 'bandwidth'?\n"
        "      = keys here: name, bandwidth\n");
}

TEST_CASE("a missing or empty key without a default is an error, with a default it is not") {
  const Read r = read("size:\nspeed:\n", [](Fields& f) {
    CHECK_FALSE(f.has("size"));
    CHECK(f.bytes("size") == Bytes(0));
    CHECK(f.duration("wait") == Duration(0));
    CHECK(f.bandwidth("speed", 1_GBps) == 1_GBps);
  });
  CHECK(r.problems ==
        "in.yaml:1:1: error: key 'size' in tier 'dram' has no value\n"
        "    1 | size:\n"
        "      | ^~~~\n"
        "      = expected a size such as '512 GiB'\n"
        "in.yaml:1:1: error: missing key 'wait' in tier 'dram'\n"
        "    1 | size:\n"
        "      | ^\n"
        "      = expected a duration such as '250 us'\n");
}

TEST_CASE("a wrong value is an error at the value, reading goes on, and the default is returned") {
  const Read r = read("size: 80\nwait: [1, 2]\nseats: \"3\"\nstrict: maybe\nname: {a: b}\nmode: lur\n", [](Fields& f) {
    CHECK(f.bytes("size", 5_B) == 5_B);
    CHECK(f.duration("wait") == Duration(0));
    CHECK(f.count("seats") == 0);
    CHECK_FALSE(f.flag("strict"));
    CHECK(f.text("name").empty());
    CHECK(f.choice("mode", {"fifo", "lru"}, "fifo") == "fifo");
  });
  CHECK(r.problems ==
        "in.yaml:1:7: error: 'size' in tier 'dram': '80' has no unit, expected a size such as '512 GiB'\n"
        "    1 | size: 80\n"
        "      |       ^~\n"
        "in.yaml:2:7: error: 'wait' in tier 'dram': found a list, expected a duration such as '250 us'\n"
        "    2 | wait: [1, 2]\n"
        "      |       ^\n"
        "in.yaml:3:8: error: 'seats' in tier 'dram': '3' is text for its quotes, expected a whole number such as '8'\n"
        "    3 | seats: \"3\"\n"
        "      |        ^~~\n"
        "in.yaml:4:9: error: 'strict' in tier 'dram': 'maybe' is neither, expected true or false\n"
        "    4 | strict: maybe\n"
        "      |         ^~~~~\n"
        "in.yaml:5:7: error: 'name' in tier 'dram': found a map, expected one word or text\n"
        "    5 | name: {a: b}\n"
        "      |       ^\n"
        "in.yaml:6:7: error: 'mode' in tier 'dram': there is no 'lur'\n"
        "    6 | mode: lur\n"
        "      |       ^~~\n"
        "      = did you mean 'lru'?\n"
        "      = one of: fifo, lru\n");
}

TEST_CASE("a value out of its range says what the range is, in the unit of the quantity") {
  const auto problem = [](const std::string& text, auto getter) {
    const std::string said = read("k: " + text + "\n", getter).problems;
    return said.substr(said.find("': ") + 3, said.find('\n') - said.find("': ") - 3);
  };
  CHECK(problem("-1 GiB", [](Fields& f) {
          f.bytes("k");
        }).ends_with("'-1 GiB' is out of range: it must not be negative"));
  CHECK(problem("0 GB/s", [](Fields& f) { f.bandwidth("k"); }).ends_with("it must be above zero"));
  CHECK(problem("1.5", [](Fields& f) { f.fraction("k"); }).ends_with("it must be between 0 and 1"));
  CHECK(problem("0", [](Fields& f) { f.count("k", {}, {1, 8}); }).ends_with("it must be between 1 and 8"));
  CHECK(problem("0 GiB", [](Fields& f) { f.bytes("k", {}, {1, 1e18}); }).ends_with("it must be above zero"));
  CHECK(problem("2000 PB", [](Fields& f) { f.bytes("k", {}, {1, 1e18}); }).ends_with("it must be at most 1000 PB"));
  CHECK(problem("0", [](Fields& f) { f.count("k", {}, {1, 1e8}); }).ends_with("it must be at least 1"));
  CHECK(problem("1 MiB", [](Fields& f) {
          f.bytes("k", {}, Range::at_least(1 << 30));
        }).ends_with("it must be at least 1 GiB"));
  CHECK(problem("2 s", [](Fields& f) { f.duration("k", {}, {-1e300, 1e9}); }).ends_with("it must be at most 1 s"));
  CHECK(problem("9", [](Fields& f) {
          f.number("k", {}, {Range::positive().low, 8});
        }).ends_with("it must be above zero and at most 8"));
}

TEST_CASE("a subtree is read by another Fields and recorded under its key") {
  const Read r = read("link: {speed: 1 GB/s, x: 1}\nwhat: 2\n", [](Fields& f) {
    const Value* link = f.child("link");
    REQUIRE(link != nullptr);
    Fields inner(*link, "link of dram", f.diagnostics());
    inner.bandwidth("speed");
    inner.finish();
    f.record("link", inner.resolved());
    CHECK(f.child("other") == nullptr);
    CHECK(f.mark_of("link").column == 7);
    CHECK(f.mark_of("other").column == 1);
    f.error("what", "'what' conflicts with 'link'");
  });
  CHECK(r.resolved == "link:\n  speed: 1 GB/s  # in.yaml:1\n");
  CHECK(r.problems.find("in.yaml:1:23: error: unknown key 'x' in link of dram") != std::string::npos);
  CHECK(r.problems.find("in.yaml:2:7: error: 'what' conflicts with 'link'") != std::string::npos);
  CHECK(r.problems.find("keys here: link, other\n") != std::string::npos);
}

TEST_CASE("what is no map is one error, not one for each key; nothing at all is an empty map") {
  CHECK(read("[1, 2]", [](Fields& f) { f.bytes("size"), f.text("name"); }).problems ==
        "in.yaml:1:1: error: tier 'dram': expected a map of keys, found a list\n"
        "    1 | [1, 2]\n"
        "      | ^\n");
  CHECK(read("", [](Fields& f) { f.bytes("size", 1_GiB); }).problems.empty());
}

TEST_CASE("finishing twice is our bug") {
  Diagnostics d;
  const Value v;
  Fields fields(v, "nothing", d);
  fields.finish();
  CHECK_THROWS_AS(fields.finish(), InternalError);
}
