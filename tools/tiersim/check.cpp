// tiersim check: would this scenario run?
#include <fmt/format.h>

#include "sim/report/human.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/scenario_input.hpp"

namespace tiersim::cli {

int check_command(const Arguments& arguments) {
  Options options(
      {"tiersim check",
       "Reads a scenario and everything that it names, resolves it, and runs nothing. Says 'ok' and what it is,\n"
       "or lists every mistake with its place (exit status 2).",
       "tiersim check scenarios/quickstart.yaml"});
  ScenarioInput input("tiersim check");
  input.declare(options);
  if (!options.parse(arguments)) return 0;
  const ResolvedScenario scenario = input.resolved();
  const ServingSettings& s = scenario.settings;
  std::string tiers = "hbm";
  for (const LowerTierSettings& tier : s.lower) tiers += ", " + tier.name;
  fmt::print("ok: {} requests of {}; {} on {}, {} x {} GPU; {}\n",
             human::grouped(static_cast<std::int64_t>(scenario.trace.size())), scenario.trace_name, s.model.name,
             s.machine.name, s.replicas, s.ranks.gpus(), tiers);
  return 0;
}

}  // namespace tiersim::cli
