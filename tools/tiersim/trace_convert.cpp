// tiersim trace convert: any trace to the binary format (read in no time) or to plain CSV.
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/trace_input.hpp"

namespace tiersim::cli {

int trace_convert_command(const Arguments& arguments) {
  Options options(
      {"tiersim trace convert",
       "Writes a trace in the compact binary format (traces/FORMAT.md), which is mapped rather than parsed,\n"
       "or as plain CSV.",
       "tiersim trace convert traces/samples/mooncake.jsonl --out /tmp/mooncake.trace --overwrite"});
  TraceInput input("tiersim trace convert");
  TraceOutput output("tiersim trace convert");
  input.declare(options);
  output.declare(options);
  if (!options.parse(arguments)) return 0;
  output.check();
  output.write(input.read());
  return 0;
}

}  // namespace tiersim::cli
