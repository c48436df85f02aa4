// tiersim models import: the shapes of published config.json files, as the library has them, and what a file that is
// none is told. configs/NAME.json holds what matters of the published file of models/NAME.yaml.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "models/model_writer.hpp"
#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"
#include "tests/support/command.hpp"
#include "tests/support/golden.hpp"

using namespace tiersim;
using namespace tiersim::test;

namespace {

const std::string kRoot = TIERSIM_SOURCE_DIR;

/// All that the model says, in one form.
std::string spelled(const config::Value& value) {
  Diagnostics diagnostics;
  config::Fields fields(value, "the model", diagnostics);
  const models::ModelSpec model = models::read_model(fields);
  CHECK(diagnostics.render() == "");
  return config::to_yaml(models::to_value(model));
}

std::vector<std::string> config_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kRoot + "/tests/golden/configs"))
    names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("does every published configuration give the shapes that the library has?") {
  const Workplace place;
  CHECK(config_names().size() >= 20);
  for (const std::string& name : config_names()) {
    CAPTURE(name);
    const Ran ran = place.run("tiersim models import tests/golden/configs/" + name + ".json --name " + name);
    CHECK(ran.err == "");
    REQUIRE(ran.status == 0);
    Diagnostics diagnostics;
    const config::Value shipped = config::load_yaml(config::path_in(kRoot + "/models", name), diagnostics);
    CHECK(spelled(config::parse_yaml(ran.out, name, diagnostics)) == spelled(shipped));
    CHECK(diagnostics.render() == "");
  }
}

TEST_CASE("is an imported model written as recorded, fit for a scenario, and never over a file unasked?") {
  const Workplace place;
  const Ran ran = place.run("tiersim models import tests/golden/configs/gpt-oss-20b.json --out bin/oss.yaml");
  CHECK(ran.status == 0);
  CHECK(ran.err == "bin/oss.yaml: 20,914,757,184 parameters\n");
  expect_golden("cli/models_import.txt", place.run("cat bin/oss.yaml").out);
  CHECK(place.run("tiersim check scenarios/quickstart.yaml --set model=" + place.path("bin/oss.yaml")).status == 0);
  CHECK(place.run("tiersim models import tests/golden/configs/gpt-oss-20b.json --out bin/oss.yaml").status == 2);
  CHECK(
      place.run("tiersim models import tests/golden/configs/gpt-oss-20b.json --out bin/oss.yaml --overwrite").status ==
      0);
}

TEST_CASE("is a file that is no configuration told what is wrong with it?") {
  const Workplace place;
  const auto message = [&](const std::string& json) {
    const Ran ran = place.run("printf '%s' '" + json + "' > bin/config.json; tiersim models import bin/config.json");
    CHECK(ran.status == 2);
    CHECK(ran.out == "");
    return ran.err;
  };
  CHECK(message("{\"a\": ") == "bin/config.json: error: not a JSON object, as a config.json is\n");
  CHECK(message("[1]") == "bin/config.json: error: not a JSON object, as a config.json is\n");
  CHECK(message("{}").find("error: no 'architectures' in it") != std::string::npos);
  const std::string unknown = message("{\"architectures\": [\"LamaForCausalLM\"]}");
  CHECK(unknown.find("unknown architecture 'LamaForCausalLM'") != std::string::npos);
  CHECK(unknown.find("did you mean 'LlamaForCausalLM'?") != std::string::npos);
  CHECK(unknown.find("known: DeepseekV2ForCausalLM, DeepseekV3ForCausalLM, FalconForCausalLM") != std::string::npos);
  const std::string missing = message("{\"architectures\": [\"LlamaForCausalLM\"], \"hidden_size\": 64}");
  for (const std::string key : {"num_attention_heads", "intermediate_size", "num_hidden_layers", "vocab_size"})
    CHECK(missing.find("missing key '" + key + "' in the config of LlamaForCausalLM\n") != std::string::npos);
  CHECK(missing.find("hidden_size") == std::string::npos);
  CHECK(message("{\"architectures\": [\"LlamaForCausalLM\"], \"hidden_size\": \"big\"}")
            .find("'hidden_size' in the config of LlamaForCausalLM is \"big\", expected a whole number") !=
        std::string::npos);
  CHECK(message("{\"architectures\": [\"OPTForCausalLM\"], \"num_hidden_layers\": 2000}")
            .find("2000 layers: a model has at most 1000") != std::string::npos);
  CHECK(place.run("tiersim models import no/such.json").err ==
        "no/such.json: error: cannot be read: is it there, and a file?\n");
}

TEST_CASE("are shapes that fit no model refused, by the name of the file?") {
  const Workplace place;
  const Ran ran = place.run(
      "sed 's/\"num_key_value_heads\": 8/\"num_key_value_heads\": 5/' tests/golden/configs/llama-3.1-8b.json > "
      "bin/x.json; "
      "tiersim models import bin/x.json");
  CHECK(ran.status == 2);
  CHECK(ran.err.find("32 query heads in the model of bin/x.json cannot be shared by 5 key and value heads") !=
        std::string::npos);
}
