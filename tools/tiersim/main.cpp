// The command `tiersim`: a table of subcommands, and what the exit status says: 0 done, 1 could not finish, 2 bad input
// (nothing written), 3 our bug.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <exception>
#include <new>

#include "sim/core/diagnostics.hpp"
#include "tools/tiersim/commands.hpp"

namespace {

using namespace tiersim;
using cli::Command;

constexpr int kCouldNotFinish = 1, kBadInput = 2, kOurBug = 3;

constexpr std::array kCommands = {
    Command{"run", "simulate a scenario and report", cli::run_command},
    Command{"check", "read and resolve a scenario, run nothing", cli::check_command},
    Command{"show", "a scenario with every value and its origin, the machine's links, the GPUs' memory",
            cli::show_command},
    Command{"why", "where one request's time to first token went", cli::why_command},
    Command{"explain", "the operators of a step: what each does, takes, and is bound by", cli::explain_command},
    Command{"mrc", "hit rates of a trace at every cache capacity, by policy", cli::mrc_command},
    Command{"replay-cache", "what each tier of a hierarchy hits, without a clock", cli::replay_cache_command},
    Command{"reuse", "when a trace's blocks are used again, and how long holding them pays", cli::reuse_command},
    Command{"attention", "recorded attention under methods that keep a part of the cache", cli::attention_command},
    Command{"list", "models, hardware, profiles, policies, trace formats, metrics", cli::list_command},
    Command{"models", "the library of models; a model from a Hugging Face config.json", cli::models_command},
    Command{"calibrate", "measure a machine and fit a profile to it", cli::calibrate_command},
    Command{"validate", "hold a profile's predictions against fresh measurements", cli::validate_command},
    Command{"trace", "look at, convert and generate workloads", cli::trace_command},
};

const cli::HelpPage kPage{
    "tiersim",
    "Simulates what LLM serving does to memory: replays a workload through HBM, host memory and SSD,\n"
    "and says what it costs in time and bytes.",
    "tiersim run scenarios/quickstart.yaml"};

int run(const cli::Arguments& arguments) {
  if (!arguments.empty() && arguments[0] == "--version") {
    fmt::print("tiersim {}\n", TIERSIM_VERSION);
    return 0;
  }
  return cli::dispatch(kPage, kCommands, arguments);
}

int report_bug(const char* what) {
  fmt::print(stderr,
             "tiersim: internal error: {}\n"
             "      = this is a bug in tiersim {}, not in your input\n"
             "      = please report it with the command line, the scenario and its trace\n",
             what, TIERSIM_VERSION);
  return kOurBug;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int status = run(cli::Arguments(argv + 1, argv + argc));
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
    fmt::print(stderr, "tiersim: error: could not write all of the output\n");
  } catch (const BadInput& e) {
    fmt::print(stderr, "{}", e.what());
    return kBadInput;
  } catch (const InternalError& e) {
    return report_bug(e.what());
  } catch (const std::logic_error& e) {
    return report_bug(e.what());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "tiersim: error: out of memory\n      = a smaller trace, or --threads 1, needs less\n");
  } catch (const std::exception& e) {
    fmt::print(stderr, "tiersim: error: {}\n", e.what());
  }
  return kCouldNotFinish;
}
