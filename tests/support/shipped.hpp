#pragma once
/// The models, machines and profiles that come with tiersim, by name, read whole.
///
/// Called by tests and benchmarks that ask the cost model about real ones. A file that reads with a complaint throws
/// std::runtime_error with it. Reading is done anew in every call: O(size of the files).
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "calib/profile.hpp"
#include "hw/device_spec.hpp"
#include "models/model_spec.hpp"
#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"

namespace tiersim::tests {

inline config::Value shipped_file(const std::string& folder, const std::string& name, Diagnostics& diagnostics) {
  return config::load_yaml(config::path_in(TIERSIM_SOURCE_DIR "/" + folder, name), diagnostics);
}

/// What `read` makes of a file's fields.
template <class Read>
auto read_shipped(const std::string& folder, const std::string& name, const Read& read) {
  Diagnostics diagnostics;
  const config::Value value = shipped_file(folder, name, diagnostics);
  config::Fields fields(value, name, diagnostics);
  auto out = read(fields, diagnostics);
  if (const std::string said = diagnostics.render(); !said.empty()) throw std::runtime_error(said);
  return out;
}

inline models::ModelSpec shipped_model(const std::string& name) {
  return read_shipped("models", name, [](config::Fields& f, Diagnostics&) { return models::read_model(f); });
}

inline calib::Profile shipped_profile(const std::string& name) {
  return read_shipped("calib/profiles", name, [](config::Fields& f, Diagnostics&) { return calib::read_profile(f); });
}

inline hw::MachineSpec shipped_machine(const std::string& name) {
  return read_shipped("hw", name, [](config::Fields& fields, Diagnostics& diagnostics) {
    std::vector<std::unique_ptr<config::Value>> devices;
    return hw::read_machine(fields, [&](const std::string& device, const SourceMark&) -> const config::Value* {
      return devices.emplace_back(std::make_unique<config::Value>(shipped_file("hw/devices", device, diagnostics)))
          .get();
    });
  });
}

}  // namespace tiersim::tests
