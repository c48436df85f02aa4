#pragma once
/// The YAML files of one folder, by name: models, machines, devices and profiles that a scenario can refer to.
///
/// Called by whoever resolves a scenario and by `tiersim list`. A thing's name is its file's name without ".yaml".
#include <string>
#include <vector>

namespace tiersim::config {

/// Names in `folder`, sorted; subfolders are left out. Empty if there is no such folder.
[[nodiscard]] std::vector<std::string> names_in(const std::string& folder);
/// "<folder>/<name>.yaml"
[[nodiscard]] std::string path_in(const std::string& folder, const std::string& name);

}  // namespace tiersim::config
