// tiersim trace info: a trace in numbers.
#include <fmt/format.h>

#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/trace_input.hpp"
#include "traces/summary.hpp"

namespace tiersim::cli {

int trace_info_command(const Arguments& arguments) {
  Options options(
      {"tiersim trace info",
       "Says what a trace is like: rate, bursts, lengths, sessions, footprint, sharing, the best reuse that it\n"
       "allows; and what it is useless for.",
       "tiersim trace info traces/samples/mooncake.jsonl"});
  TraceInput input("tiersim trace info");
  input.declare(options);
  if (!options.parse(arguments)) return 0;
  fmt::print("{}", traces::to_text(traces::summarise(input.read())));
  return 0;
}

}  // namespace tiersim::cli
