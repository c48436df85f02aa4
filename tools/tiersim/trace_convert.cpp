// tiersim trace convert: any trace to the binary format (read in no time) or to plain CSV.
#include <fmt/format.h>

#include <algorithm>

#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/trace_input.hpp"
#include "traces/repeat.hpp"

namespace tiersim::cli {

int trace_convert_command(const Arguments& arguments) {
  Options options(
      {"tiersim trace convert",
       "Writes a trace in the compact binary format (traces/FORMAT.md), which is mapped rather than parsed,\n"
       "or as plain CSV.",
       "tiersim trace convert traces/samples/mooncake.jsonl --out /tmp/mooncake.trace --overwrite"});
  TraceInput input("tiersim trace convert");
  TraceOutput output("tiersim trace convert");
  std::int64_t requests = INT64_MAX, references = INT64_MAX;
  input.declare(options);
  options.group("Part");
  options.count("at-most-requests", "N", "only the first N requests", requests, 1);
  options.count("at-most-references", "N",
                "only the first requests, up to the one that would bring the block references over N", references, 1);
  output.declare(options);
  if (!options.parse(arguments)) return 0;
  output.check();
  const traces::Trace trace = input.read();
  const std::size_t within = traces::requests_within(trace, static_cast<std::uint64_t>(references));
  if (within == 0)
    misuse("tiersim trace convert",
           fmt::format("--at-most-references is {}, but the first request mentions more blocks", references));
  output.write(traces::first_requests(trace, std::min(within, static_cast<std::size_t>(requests))));
  return 0;
}

}  // namespace tiersim::cli
