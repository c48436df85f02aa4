#pragma once
/// From a scenario file to everything that a run needs: found, checked, filled in.
///
///   load_scenario (YAML, --set)  ->  resolve (model, machine, profile, trace, policies, memory map)
///
/// Pure functions of their arguments and the files that these name: no environment (the caller says where the library
/// and the data are). Every problem is a diagnostic, and all are found before anything is run. resolved spells every
/// value out, defaults too, each with its origin; read again it gives the same settings. One section of the scenario is
/// one file here.
#include <string>
#include <vector>

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

/// What takes time in a scenario, without a workload.
struct System {
  models::ModelSpec model;  ///< as it is by default, where none is named
  hw::MachineSpec machine;  ///< likewise
  calib::Profile profile;   ///< the datasheet's, where none is named
};

/// A scenario with everything found, checked and filled in.
struct ResolvedScenario {
  Scenario scenario;
  std::string name;                   ///< `name`, or the file's name without its folder
  std::vector<std::string> question;  ///< `question`, or the comment lines that the file opens with
  ServingSettings settings;
  traces::Trace trace;
  bool warm_caches = false;  ///< the trace stands twice: its first pass is not measured
  GoodputLimits limits;
  std::string load;  ///< how requests arrive, in words
  MemoryMap memory;
  std::vector<std::string> semantics;
  std::string trace_name;  ///< as the scenario names it
  config::Value resolved;  ///< every value spelled out, with its origin
};

[[nodiscard]] Scenario load_scenario(const std::string& path, const std::vector<std::string>& overrides,
                                     Diagnostics& diagnostics);
/// On errors the result is unusable and diagnostics say why.
[[nodiscard]] ResolvedScenario resolve(Scenario scenario, const Environment& environment, Diagnostics& diagnostics);
/// A map of `model`, `machine` and `profile` as a scenario has them, for tools that run nothing; none is required.
[[nodiscard]] System resolve_system(const config::Value& map, const Environment& environment, Diagnostics& diagnostics);

}  // namespace tiersim
