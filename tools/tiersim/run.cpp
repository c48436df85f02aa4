// tiersim run: simulate a scenario and report.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "sim/report/csv.hpp"
#include "sim/report/files.hpp"
#include "sim/report/json.hpp"
#include "sim/report/table.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/interrupt.hpp"
#include "tools/tiersim/progress.hpp"
#include "tools/tiersim/scenario_input.hpp"

namespace tiersim::cli {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

struct RunRequest {
  std::string out, format = "table", bounds = "all";
  std::int64_t threads = std::clamp<std::int64_t>(std::thread::hardware_concurrency(), 1, 2);
  bool overwrite = false, quiet = false;

  void declare(Options& options) {
    options.group("Output");
    options.text("out", "DIR", "write summary.json, requests.csv, series.h5 and the resolved scenario there", out);
    options.flag("overwrite", "replace such files in DIR", overwrite);
    options.choice("format", {"table", "json", "csv"},
                   "what to print: the table (default), summary.json, or metrics as CSV", format);
    options.flag("quiet", "no table, no progress bar", quiet);
    options.group("Run");
    options.choice("bounds", {"all", "none"},
                   "the reference runs beside it (infinite cache, free transfers, no lower tiers), or none", bounds);
    options.count("threads", "N", "runs at a time (default: 2 where there are two processors); never changes a result",
                  threads, 1);
  }
};

Result simulate(const ResolvedScenario& scenario, const RunRequest& request, const Interrupt& interrupt) {
  Progress progress(!request.quiet);
  RunOptions options;
  options.references = request.bounds == "all";
  options.threads = static_cast<int>(std::min<std::int64_t>(request.threads, 64));
  options.stop = &interrupt.flag();
  options.progress = [&](std::size_t done, std::size_t total) { progress.update(done, total); };
  return run(scenario, options);
}

std::vector<const RunResult*> runs_of(const Result& result) {
  std::vector<const RunResult*> runs{&result.run};
  for (const RunResult& reference : result.references) runs.push_back(&reference);
  return runs;
}

bool finished(const Result& result) {
  const auto runs = runs_of(result);
  return std::all_of(runs.begin(), runs.end(), [](const RunResult* r) { return r->outcome.finished; });
}

void count_work(const Result& result, RunInfo& info) {
  for (const RunResult* r : runs_of(result)) {
    info.requests += std::count_if(r->outcome.requests.begin(), r->outcome.requests.end(),
                                   [](const RequestOutcome& o) { return o.status != RequestStatus::pending; });
    info.events += r->outcome.whole.events + r->outcome.whole.leapt_steps;
  }
}

void print_report(const Report& report, const RunInfo& info, const RunRequest& request) {
  if (request.format == "json") fmt::print("{}", summary_json(report));
  if (request.format == "csv") fmt::print("{}", metrics_csv(report));
  if (request.format == "table" && !request.quiet) fmt::print("{}", table_text(report, &info));
}

}  // namespace

int run_command(const Arguments& arguments) {
  Options options(
      {"tiersim run",
       "Simulates a scenario and prints what came of it beside its reference runs. Only the table goes to\n"
       "stdout. Ctrl-C stops early and keeps what there is, marked as partial (exit status 1).",
       "tiersim run scenarios/quickstart.yaml --set hierarchy.dram.capacity=2TiB --out out/quickstart --overwrite"});
  ScenarioInput input("tiersim run");
  RunRequest request;
  input.declare(options);
  request.declare(options);
  if (!options.parse(arguments)) return 0;
  if (!request.out.empty()) check_output_directory(request.out, request.overwrite);

  const Clock::time_point begin = Clock::now();
  const ResolvedScenario scenario = input.resolved();
  RunInfo info;
  info.version = TIERSIM_VERSION;
  info.threads = static_cast<int>(request.threads);
  info.seconds_reading = seconds_since(begin);
  const Clock::time_point start = Clock::now();
  const Interrupt interrupt;
  const Result result = simulate(scenario, request, interrupt);
  info.seconds = seconds_since(start);
  count_work(result, info);

  const Report report(result);
  print_report(report, info, request);
  if (!request.out.empty()) write_output_directory(request.out, output_files(report, info), request.overwrite);
  if (finished(result)) return 0;
  fmt::print(stderr, "tiersim run: stopped early: the results are partial, and marked so\n");
  return 1;
}

}  // namespace tiersim::cli
