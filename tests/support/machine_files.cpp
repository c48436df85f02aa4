#include "tests/support/machine_files.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"

namespace tiersim::test {
namespace {

const std::string kFolder = TIERSIM_SOURCE_DIR "/hw";

config::Value file_in(const std::string& folder, const std::string& name) {
  Diagnostics diagnostics;
  config::Value value = config::load_yaml(config::path_in(folder, name), diagnostics);
  REQUIRE(diagnostics.render() == "");
  return value;
}

}  // namespace

std::vector<std::string> machine_names() { return config::names_in(kFolder); }
std::vector<std::string> device_names() { return config::names_in(kFolder + "/devices"); }
config::Value machine_file(const std::string& name) { return file_in(kFolder, name); }
config::Value device_file(const std::string& name) { return file_in(kFolder + "/devices", name); }

config::Value yaml_text(const std::string& yaml) {
  Diagnostics diagnostics;
  return config::parse_yaml(yaml, "test", diagnostics);
}

MachineReading::MachineReading(const config::Value& value) {
  config::Fields fields(value, "machine", diagnostics);
  machine = hw::read_machine(fields, [&](const std::string& name, const SourceMark& from) { return load(name, from); });
  resolved = fields.resolved();
}

bool MachineReading::says(const std::string& text) const {
  return diagnostics.render().find(text) != std::string::npos;
}

const config::Value* MachineReading::load(const std::string& name, const SourceMark& from) {
  const std::vector<std::string> known = device_names();
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    diagnostics.error(from, "no device '" + name + "'");
    return nullptr;
  }
  auto& device = devices[name];
  if (!device) device = std::make_unique<config::Value>(device_file(name));
  return device.get();
}

}  // namespace tiersim::test
