#pragma once
/// Published traces and measurements, from the folder that the environment variable TIERSIM_DATA names.
///
/// Called by tests/validation, the one kind of test that needs them; where they are absent a check says so and passes.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace tiersim::tests {

/// TIERSIM_DATA, or empty.
inline std::string data_folder() {
  const char* folder = std::getenv("TIERSIM_DATA");
  return folder != nullptr ? folder : "";
}

/// A file under TIERSIM_DATA, or empty after saying that the check is skipped.
inline std::string data_file(const std::string& name) {
  const std::string folder = data_folder(), path = folder + "/" + name;
  if (!folder.empty() && std::filesystem::exists(path)) return path;
  MESSAGE("skipped: TIERSIM_DATA has no " << name);
  return {};
}

}  // namespace tiersim::tests
