#pragma once
/// Machines and devices read from the shipped files of hw/, or from text, for tests.
///
/// Called by the tests of hw. A MachineReading keeps what was said, the machine and its resolved form; devices that it
/// names are those shipped. Reading is done anew in every call: O(size of the files).
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hw/device_spec.hpp"
#include "sim/config/value.hpp"
#include "sim/core/diagnostics.hpp"

namespace tiersim::test {

struct MachineReading {
  explicit MachineReading(const config::Value& value);
  [[nodiscard]] bool says(const std::string& text) const;

  Diagnostics diagnostics;
  std::map<std::string, std::unique_ptr<config::Value>> devices;  ///< that were loaded, by name
  hw::MachineSpec machine;
  config::Value resolved;

 private:
  const config::Value* load(const std::string& name, const SourceMark& from);
};

/// A machine of one RTX 4090 without storage, to which a test appends lines.
inline const std::string kSmall =
    "name: small\ngpu: rtx-4090\ngpu_link: {h2d: 26 GB/s, d2h: 20 GB/s, duplex_cap: 37.2 GB/s, latency: 5 us}\n";

[[nodiscard]] std::vector<std::string> machine_names();
[[nodiscard]] std::vector<std::string> device_names();
[[nodiscard]] config::Value machine_file(const std::string& name);
[[nodiscard]] config::Value device_file(const std::string& name);
[[nodiscard]] config::Value yaml_text(const std::string& yaml);

}  // namespace tiersim::test
