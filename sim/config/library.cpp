#include "sim/config/library.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace tiersim::config {

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code absent;
  for (const auto& file : std::filesystem::directory_iterator(folder, absent)) {
    if (file.path().extension() == ".yaml" && file.is_regular_file()) names.push_back(file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string path_in(const std::string& folder, const std::string& name) { return folder + "/" + name + ".yaml"; }

}  // namespace tiersim::config
