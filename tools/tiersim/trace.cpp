// tiersim trace: the subcommands that look at, convert and make workloads.
#include <array>

#include "tools/tiersim/commands.hpp"

namespace tiersim::cli {
namespace {

constexpr std::array kCommands = {
    Command{"info", "what a trace is like: lengths, rate, sessions, reuse", trace_info_command},
    Command{"head", "its first requests as a table", trace_head_command},
    Command{"convert", "to the compact binary format, or to CSV", trace_convert_command},
    Command{"generate", "a chat workload", trace_generate_command},
};

}  // namespace

int trace_command(const Arguments& arguments) {
  return dispatch({"tiersim trace", "Looks at, converts and generates workloads.",
                   "tiersim trace info traces/samples/mooncake.jsonl"},
                  kCommands, arguments);
}

}  // namespace tiersim::cli
