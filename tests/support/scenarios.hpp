#pragma once
/// Scenarios as tests write them: as YAML text beside the trace that it names, or as settings that are already
/// resolved.
///
/// Called by tests of the whole line. The library is the repository's own; a text's files go away with its folder.
#include <string>
#include <vector>

#include "sim/run.hpp"
#include "tests/support/trace_files.hpp"

namespace tiersim::tests {

/// The models, machines and profiles of the repository; `data` stands for TIERSIM_DATA.
inline Environment environment(std::string data = {}) { return {TIERSIM_SOURCE_DIR, std::move(data)}; }

/// Settings and a trace as run() takes them.
inline ResolvedScenario scenario_of(ServingSettings settings, traces::Trace trace) {
  ResolvedScenario out;
  out.settings = std::move(settings);
  out.trace = std::move(trace);
  return out;
}

/// The run alone, without its references.
inline ServingOutcome outcome_of(const ResolvedScenario& scenario) {
  RunOptions options;
  options.references = false;
  return run(scenario, options).run.outcome;
}
inline ServingOutcome outcome_of(const ServingSettings& settings, const traces::Trace& trace) {
  return outcome_of(scenario_of(settings, trace));
}

/// A folder with a scenario of this text, and what reading and resolving it gives.
class ScenarioText {
 public:
  explicit ScenarioText(std::string_view text) : path_(folder_.write("scenario.yaml", text)) {}
  [[nodiscard]] const TemporaryFolder& folder() const { return folder_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  ResolvedScenario resolve(const std::vector<std::string>& overrides = {}) {
    diagnostics_ = {};
    return resolve(load_scenario(path_, overrides, diagnostics_));
  }
  /// Another text in the same folder.
  ResolvedScenario resolve_also(std::string_view text) {
    diagnostics_ = {};
    return resolve(load_scenario(folder_.write("also.yaml", text), {}, diagnostics_));
  }
  ResolvedScenario resolve(Scenario scenario, std::string data = {}) {
    return tiersim::resolve(std::move(scenario), environment(std::move(data)), diagnostics_);
  }
  /// Of the last resolve().
  [[nodiscard]] const Diagnostics& diagnostics() const { return diagnostics_; }

 private:
  TemporaryFolder folder_;
  std::string path_;
  Diagnostics diagnostics_;
};

}  // namespace tiersim::tests
