// tiersim trace generate: the workload that `workload.generate.chat` of a scenario makes, as a file.
#include "sim/config/fields.hpp"
#include "sim/config/overrides.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/trace_input.hpp"
#include "traces/generators.hpp"

namespace tiersim::cli {

int trace_generate_command(const Arguments& arguments) {
  Options options(
      {"tiersim trace generate",
       "Writes a generated chat workload: tenants with shared system prompts, sessions of several turns that\n"
       "start in bursts, think times, long-tailed lengths. Same seed, same bytes.",
       "tiersim trace generate --out /tmp/chat.trace --set requests=500 --set turns=3 --seed 7 --overwrite"});
  TraceOutput output("tiersim trace generate");
  std::vector<std::string> settings;
  std::int64_t seed = 1;
  options.group("Workload");
  options.texts("set", "KEY=VALUE",
                "a key of workload.generate.chat, such as requests, rate, tenants, turns, think_time; repeatable",
                settings);
  options.count("seed", "N", "seed of the random generator (default: 1)", seed, 0);
  output.declare(options);
  if (!options.parse(arguments)) return 0;
  output.check();
  Diagnostics diagnostics;
  config::Value map;
  map.kind = config::Kind::map;
  map.mark.file = "tiersim trace generate";
  for (const std::string& setting : settings) config::apply_override(map, setting, diagnostics);
  config::Fields fields(map, "the chat workload", diagnostics);
  const traces::ChatWorkload workload = traces::read_chat_workload(fields);
  throw_if_errors(diagnostics);
  output.write(traces::generate_chat(workload, static_cast<std::uint64_t>(seed)));
  return 0;
}

}  // namespace tiersim::cli
