#pragma once
/// From the command line to a resolved scenario: what run, check, show and why have in common.
///
/// The environment is read here and nowhere else: TIERSIM_DATA (public traces) and TIERSIM_LIBRARY (models/, hw/,
/// calib/; without it the source tree that the command was built from). Errors: BadInput. Warnings go to stderr.
#include <string>
#include <vector>

#include "sim/run.hpp"
#include "tools/tiersim/options.hpp"

namespace tiersim::cli {

/// TIERSIM_DATA, or empty. Throws BadInput where it names no directory.
[[nodiscard]] std::string data_folder(const std::string& command);
/// --library, if given, wins over the environment. Throws BadInput for a folder that is no library.
[[nodiscard]] Environment environment(const std::string& command, const std::string& library);

/// Finds, checks and fills in a scenario; `overrides` as --set has them.
[[nodiscard]] ResolvedScenario resolve_scenario(const std::string& command, const std::string& path,
                                                const std::vector<std::string>& overrides, const std::string& library);

class ScenarioInput {
 public:
  explicit ScenarioInput(std::string command) : command_(std::move(command)) {}
  /// Declares SCENARIO, --set and --library.
  void declare(Options& options);
  [[nodiscard]] ResolvedScenario resolved() const { return resolve_scenario(command_, path_, overrides_, library_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string command_, path_, library_;
  std::vector<std::string> overrides_;
};

/// --library, for commands that need no scenario.
void declare_library(Options& options, std::string& library);

}  // namespace tiersim::cli
