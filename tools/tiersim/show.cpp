// tiersim show: what a scenario comes to, before it runs.
#include <fmt/format.h>

#include "sim/config/value.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/memory_view.hpp"
#include "tools/tiersim/scenario_input.hpp"

namespace tiersim::cli {

int show_command(const Arguments& arguments) {
  Options options(
      {"tiersim show",
       "Prints the resolved scenario (every value spelled out, with where it came from), the machine's links as\n"
       "a Graphviz graph, or where the memory of each GPU goes.",
       "tiersim show scenarios/quickstart.yaml --what memory"});
  ScenarioInput input("tiersim show");
  std::string what = "scenario";
  input.declare(options);
  options.group("Output");
  options.choice("what", {"scenario", "topology", "memory"}, "what to show (default: scenario)", what);
  if (!options.parse(arguments)) return 0;
  const ResolvedScenario scenario = input.resolved();
  if (what == "scenario") fmt::print("{}", config::to_yaml(scenario.resolved, true));
  if (what == "topology") fmt::print("{}", hw::Topology(scenario.settings.machine).dot());
  if (what == "memory") fmt::print("{}", memory_view(scenario));
  return 0;
}

}  // namespace tiersim::cli
