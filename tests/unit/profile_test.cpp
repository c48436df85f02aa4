#include "calib/profile.hpp"

#include <doctest/doctest.h>

#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"

using namespace tiersim;
using namespace tiersim::literals;

namespace {
const std::string kFolder = TIERSIM_SOURCE_DIR "/calib/profiles";
}

TEST_CASE(
    "every shipped profile reads without complaint, under its file's name, and reads back from its resolved form") {
  for (const std::string& name : config::names_in(kFolder)) {
    CAPTURE(name);
    Diagnostics diagnostics;
    const config::Value value = config::load_yaml(config::path_in(kFolder, name), diagnostics);
    config::Fields fields(value, "profile", diagnostics);
    CHECK(calib::read_profile(fields).name == name);
    const config::Value resolved = fields.resolved();
    config::Fields again(resolved, "profile", diagnostics);
    static_cast<void>(calib::read_profile(again));
    CHECK(diagnostics.render() == "");
    CHECK(config::to_yaml(again.resolved()) == config::to_yaml(resolved));
  }
}

TEST_CASE("the datasheet profile holds the values that it documents") {
  Diagnostics diagnostics;
  const config::Value value = config::load_yaml(config::path_in(kFolder, "datasheet"), diagnostics);
  config::Fields fields(value, "profile", diagnostics);
  const calib::Profile profile = calib::read_profile(fields);
  CHECK(profile.provenance == "datasheet");
  CHECK(profile.gemm_efficiency == 0.76);
  CHECK(profile.launch == 2_us);
  CHECK(profile.step_overhead == 200_us);
  CHECK(profile.runtime_memory == 800_MB);
}

TEST_CASE("an efficiency above one or of zero is refused") {
  for (const char* text : {"{gemm_efficiency: 1.2}", "{gemm_efficiency: 0}"}) {
    Diagnostics diagnostics;
    const config::Value value = config::parse_yaml(text, "test", diagnostics);
    config::Fields fields(value, "profile", diagnostics);
    static_cast<void>(calib::read_profile(fields));
    CHECK(diagnostics.render().find("'gemm_efficiency' in profile") != std::string::npos);
  }
}
