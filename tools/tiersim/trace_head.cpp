// tiersim trace head: the first requests of a trace, as the simulation sees them.
#include <fmt/format.h>

#include <algorithm>

#include "sim/report/human.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/text.hpp"
#include "tools/tiersim/trace_input.hpp"

namespace tiersim::cli {
namespace {

constexpr std::size_t kExtentsShown = 4;

/// "0-2 7 (3 more)": runs of block ids.
std::string blocks_of(const traces::Trace& trace, RequestId request) {
  const auto extents = trace.extents(request);
  std::string out;
  for (const traces::Extent& e : extents.first(std::min(extents.size(), kExtentsShown))) {
    if (!out.empty()) out += ' ';
    out += e.count == 1 ? fmt::format("{}", e.first) : fmt::format("{}-{}", e.first, e.first + (e.count - 1));
  }
  if (extents.size() > kExtentsShown) out += fmt::format(" ({} more)", extents.size() - kExtentsShown);
  return out;
}

void print_head(const traces::Trace& trace, std::size_t count) {
  fmt::print("{:>8} {:>22} {:>9} {:>9} {:>9} {:>22}  {}\n", "request", "arrival", "prompt", "output", "previous",
             "think time", trace.has_blocks() ? fmt::format("blocks of {} tokens", trace.block_tokens()) : "");
  for (std::size_t i = 0; i < std::min(count, trace.size()); ++i) {
    const RequestId r(i);
    const bool first_turn = trace.previous(r) == traces::kNoRequest;
    const std::string line =
        fmt::format("{:>8} {:>22} {:>9} {:>9} {:>9} {:>22}  {}", i, exactly(trace.arrival(r)),
                    human::grouped(trace.prompt_tokens(r)), human::grouped(trace.output_tokens(r)),
                    first_turn ? "" : fmt::format("{}", trace.previous(r)),
                    first_turn ? "" : exactly(Time(trace.think_time(r).value())), blocks_of(trace, r));
    fmt::print("{}\n", line.substr(0, line.find_last_not_of(' ') + 1));
  }
}

}  // namespace

int trace_head_command(const Arguments& arguments) {
  Options options(
      {"tiersim trace head",
       "Prints the first requests of a trace: arrival, lengths, session, and the blocks of prompt and answer\n"
       "(numbered in the order of their first mention).",
       "tiersim trace head traces/samples/mooncake.jsonl --requests 5"});
  TraceInput input("tiersim trace head");
  std::int64_t requests = 10;
  input.declare(options);
  options.group("Output");
  options.count("requests", "N", "how many (default: 10)", requests, 1);
  if (!options.parse(arguments)) return 0;
  print_head(input.read(), static_cast<std::size_t>(requests));
  return 0;
}

}  // namespace tiersim::cli
