// The laws of a measured profile, read from YAML: what is understood, and what is said of mistakes.
#include <doctest/doctest.h>

#include "calib/profile.hpp"
#include "calib/profile_text.hpp"
#include "sim/config/yaml.hpp"

using namespace tiersim;
using calib::Feature;
using calib::Profile;

namespace {

struct Reading {
  explicit Reading(const std::string& measured_part) {
    const std::string text =
        "name: x\nprovenance: measured\ngemm_efficiency: 0.5\nattention_efficiency: 0.5\ngemm_bandwidth: 0.5\n"
        "attention_bandwidth: 0.5\nelementwise_bandwidth: 0.5\nlaunch: 1 us\nstep_overhead: 0 s\nruntime_memory: 0 "
        "B\n" +
        measured_part;
    const config::Value value = config::parse_yaml(text, "test.yaml", diagnostics);
    config::Fields fields(value, "profile", diagnostics);
    profile = calib::read_profile(fields);
  }
  bool says(const std::string& text) const { return diagnostics.render().find(text) != std::string::npos; }
  Diagnostics diagnostics;
  Profile profile;
};

Reading law(const std::string& keys) { return Reading("laws:\n  - {family: f, kernel: k, " + keys + "}\n"); }

}  // namespace

TEST_CASE("a law with everything reads as it is written") {
  const Reading r = law(
      "variant: bf16, fixed: 2e-6, ridge: 2.5, knots: [1000, 2000], tile: {m: 128, n: 64, at_once: 132}, flops: [1, "
      "9], "
      "bytes: [2, 8], sides: [{side: compute, wave flops: 1e-12, flops/k: 3e-9}, {side: bandwidth, bytes: [3, 2, 1]}], "
      "corrections: [{axes: [{of: m, knots: [1, 8]}, {of: flops/m, knots: [5, 6, 7]}], factors: [1, 2, 3, 4, 5, 6]}]");
  CHECK(r.diagnostics.render() == "");
  const calib::Law& l = r.profile.laws.at(0);
  CHECK(l.variant == "bf16");
  CHECK(l.fixed == 2e-6);
  CHECK(l.ridge == 2.5);
  CHECK(l.tile.at_once == 132);
  CHECK(l.flops.high == 9);
  CHECK(l.bytes.low == 2);
  REQUIRE(l.sides.size() == 2);
  CHECK(l.sides[0].name == "compute");
  CHECK(l.sides[1].terms.size() == 3);
  CHECK(l.sides[1].terms[2].feature == Feature::bytes_segment);
  CHECK(l.sides[1].terms[2].segment == 2);
  CHECK(l.sides[1].terms[2].seconds == 1);
  CHECK(l.corrections.at(0).axes.at(1).feature == Feature::flops_per_m);
  CHECK(l.corrections.at(0).factors.size() == 6);
}

TEST_CASE("any law written as text reads back equal in every prediction") {
  const Reading first = law(
      "fixed: 1.23456e-07, knots: [4096], sides: [{side: 'a b', bytes: [1e-9, 0]}, {side: q, operations/depth: 0.1}], "
      "ridge: 7.5, corrections: [{axes: [{of: bytes, knots: [1, 1e9]}], factors: [0.9, 1.1]}]");
  CHECK(first.diagnostics.render() == "");
  Profile with = first.profile;
  with.fingerprint = {{"device", "a: b # c"}, {"kind", "host"}};
  with.overlaps = {{"gemm", "h2d", 1.25}};
  with.ceilings = {FlopsPerSecond(2e14), BytesPerSecond(4.1e12)};
  with.errors = {{"f", "k", "2 threads", "held-out", 3, 0.1, 0.2, 0.3, 0.4, -0.5}};
  Diagnostics diagnostics;
  const config::Value value =
      config::parse_yaml(calib::text_of(with, "one\ntwo", {{"launch", "why"}}), "t", diagnostics);
  config::Fields fields(value, "profile", diagnostics);
  const Profile again = calib::read_profile(fields);
  CHECK(diagnostics.render() == "");
  for (double bytes : {1.0, 4096.0, 1e6, 1e12}) {
    const calib::Work work{.bytes = bytes, .operations = 3, .depth = 2};
    CHECK(again.laws.at(0).time(work) == with.laws.at(0).time(work));
  }
  CHECK(again.fingerprint == with.fingerprint);
  CHECK(again.overlaps.at(0).slow_down == 1.25);
  CHECK(again.ceilings.product.value() == 2e14);
  CHECK(again.ceilings.copy.value() == 4.1e12);
  CHECK(again.errors.at(0).variant == "2 threads");
  CHECK(again.errors.at(0).bias == -0.5);
  CHECK(again.launch == with.launch);
}

TEST_CASE("a datasheet profile has none of this in its resolved form") {
  Diagnostics diagnostics;
  const config::Value value = config::load_yaml(TIERSIM_SOURCE_DIR "/calib/profiles/datasheet.yaml", diagnostics);
  config::Fields fields(value, "profile", diagnostics);
  static_cast<void>(calib::read_profile(fields));
  for (const char* key : {"laws", "errors", "overlaps", "fingerprint"}) CHECK(fields.resolved().find(key) == nullptr);
}

TEST_CASE("a feature that nobody knows is told, with the nearest") {
  const Reading r = law("sides: [{side: compute, flopz: 1}]");
  CHECK(r.says("unknown key 'flopz' in side 1 of law 1 of profile"));
  CHECK(r.says("did you mean 'flops'?"));
  const Reading correction = law("corrections: [{axes: [{of: byte, knots: [1]}], factors: [1]}]");
  CHECK(correction.says("there is no 'byte'"));
  CHECK(correction.says("did you mean 'bytes'?"));
}

TEST_CASE("numbers that no law can have are told") {
  CHECK(law("fixed: -1").says("'fixed' in law 1 of profile"));
  CHECK(law("ridge: 0.5").says("'ridge' in law 1 of profile"));
  CHECK(law("sides: [{side: a, bytes: -1e-9}]").says("'bytes' in side 1 of law 1"));
  CHECK(law("knots: [10], sides: [{side: a, bytes: [1, -1]}]").says("'-1' is out of range"));
  CHECK(law("knots: [2, 1]").says("'knots' in law 1 of profile must ascend"));
  CHECK(law("knots: [1, 1]").says("must ascend"));
  CHECK(law("knots: [0]").says("'0' is out of range"));
  CHECK(law("knots: [x]").says("'x' is not a number"));
  CHECK(law("knots: 5").says("expected a list of numbers"));
  CHECK(law("flops: [5, 1]").says("must be [least, largest]"));
  CHECK(law("corrections: [{axes: [{of: bytes, knots: [1, 2]}], factors: [1, 0]}]").says("'0' is out of range"));
  CHECK(law("tile: {m: 0, n: 1, at_once: 1}").says("'m' in tile of law 1"));
}

TEST_CASE("lists whose lengths do not fit are told") {
  CHECK(law("knots: [10], sides: [{side: a, bytes: [1, 2, 3]}]").says("has 3 numbers for 2 segments"));
  CHECK(law("sides: [{side: a, bytes: [1, 2]}]").says("has 2 numbers for 1 segments"));
  CHECK(law("corrections: [{axes: [{of: m, knots: [1, 2]}, {of: bytes, knots: [1, 2]}], factors: [1, 2, 3]}]")
            .says("has 3 numbers for 4 knots"));
  CHECK(law("corrections: [{axes: [{of: m, knots: []}], factors: []}]").says("has 0 numbers for 0 knots"));
  CHECK(law("corrections: [{factors: [1]}]").says("has 0 axes, expected one to 3"));
  CHECK(law("sides: [{side: a}, {side: b}, {side: c}, {side: d}, {side: e}]").says("law 1 of profile has 5 sides"));
  CHECK(law("sides: [{side: a, wave flops: 1}]").says("'wave flops' in law 1 of profile without a 'tile'"));
}

TEST_CASE("parts of another kind, or without what they need, are told") {
  CHECK(Reading("laws: 5\n").says("expected a list of maps"));
  CHECK(Reading("laws: [5]\n").says("expected a map of keys"));
  CHECK(Reading("laws: [{kernel: k}]\n").says("missing key 'family' in law 1"));
  CHECK(Reading("errors: [{family: f, set: test, points: 1}]\n").says("there is no 'test'"));
  CHECK(Reading("overlaps: [{kernel: a, beside: b, slow_down: 0}]\n").says("'slow_down'"));
  CHECK(Reading("fingerprint: 3\n").says("expected a map of keys"));
  CHECK(Reading("laws: [{family: f, kernel: k, fixd: 1}]\n").says("did you mean 'fixed'?"));
}
