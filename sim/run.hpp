#pragma once
/// The line: a scenario file becomes a resolved scenario, and a resolved scenario becomes a Result.
///
///   load_scenario (YAML, --set)  ->  resolve (model, machine, profile, trace, policies, memory map)  ->  run
///
/// All three are pure functions of their arguments and the files that these name: no globals, no wall clock, no
/// environment (the caller says where the library and the data are). Two runs in one process or on two threads give
/// identical results. Errors: every problem of input is a diagnostic; run() throws InternalError if an invariant of
/// ours breaks.
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "hw/topology.hpp"
#include "sim/config/value.hpp"
#include "sim/core/diagnostics.hpp"
#include "sim/report/result.hpp"
#include "sim/serving/simulation.hpp"
#include "traces/trace.hpp"

namespace tiersim {

/// Where things are looked up.
struct Environment {
  std::string library;  ///< the folder that holds models/, hw/ and calib/
  std::string data;     ///< TIERSIM_DATA, or empty
};

struct Scenario {
  std::string path;                   ///< as the user named it
  std::vector<std::string> question;  ///< the comment lines that it opens with
  config::Value tree;                 ///< with overrides applied
};

/// A scenario with everything found, checked and filled in.
struct ResolvedScenario {
  Scenario scenario;
  ServingSettings settings;
  traces::Trace trace;
  GoodputLimits limits;
  MemoryMap memory;
  std::vector<std::string> semantics;
  std::string trace_name;  ///< as the scenario names it
  config::Value resolved;  ///< every value spelled out, with its origin
};

[[nodiscard]] Scenario load_scenario(const std::string& path, const std::vector<std::string>& overrides,
                                     Diagnostics& diagnostics);
/// On errors the result is unusable and diagnostics say why.
[[nodiscard]] ResolvedScenario resolve(Scenario scenario, const Environment& environment, Diagnostics& diagnostics);

struct RunOptions {
  bool references = true;
  int threads = 1;               ///< references run beside the run itself
  Observer* observer = nullptr;  ///< of the run itself
  /// Now and then: requests done and to do over all runs.
  std::function<void(std::size_t done, std::size_t total)> progress;
  const std::atomic<bool>* stop = nullptr;
};

[[nodiscard]] Result run(const ResolvedScenario& scenario, const RunOptions& options = {});

}  // namespace tiersim
