// tiersim reuse: when blocks are used again, what keeping them for so long hits and holds, and how long it pays.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "sim/config/units_text.hpp"
#include "sim/report/files.hpp"
#include "sim/report/human.hpp"
#include "sim/report/svg_plot.hpp"
#include "tools/tiersim/cache_request.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/reuse_view.hpp"
#include "tools/tiersim/trace_input.hpp"

namespace tiersim::cli {
namespace {

constexpr const char* kCommand = "tiersim reuse";

struct ReuseRequest {
  std::vector<std::string> windows;
  std::string csv, plot;

  void declare(Options& options) {
    options.group("Windows");
    options.texts("window", "TIME",
                  "a row of the table: blocks stay for so long after a use, as in '10 min'; several times (default: a "
                  "minute to a day, and the whole trace)",
                  windows);
    options.group("Output");
    options.text("csv", "FILE", "every row with counts", csv);
    options.text("plot", "FILE", "the share of uses by interval, with the break-even intervals, as SVG", plot);
  }
};

constexpr std::array kWindows = {"1min", "5min", "15min", "1h", "4h", "24h"};

Duration window_of(const std::string& text) {
  std::string problem;
  const auto window = config::parse_duration(text, problem);
  if (!window || *window < Duration(0))
    misuse(kCommand, fmt::format("--window '{}' is no time", text), {"such as '15 min' or '2 h'"});
  return *window;
}

/// Those asked for, or the usual ones within the span; and the span. Ascending.
std::vector<Duration> windows_of(const std::vector<std::string>& asked, Duration span) {
  std::vector<Duration> out;
  out.reserve(asked.size() + kWindows.size() + 1);
  for (const std::string& text : asked) out.push_back(window_of(text));
  if (asked.empty())
    for (const char* text : kWindows)
      if (window_of(text) < span) out.push_back(window_of(text));
  out.push_back(span);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Duration span_of(const traces::Trace& trace) {
  const auto arrival = trace.columns().arrival;
  const Duration span(arrival.back() - arrival.front());
  if (span == Duration(0))
    misuse(kCommand, "all requests of the trace come at once: the time between uses means nothing",
           {"'tiersim mrc' counts blocks instead of time"});
  return span;
}

}  // namespace

int reuse_command(const Arguments& arguments) {
  Options options(
      {kCommand,
       "When a trace's blocks are used again; what a cache that keeps each block for so long after its last\n"
       "use would hit and hold; and, with a model and a machine, how soon a block must be used again for\n"
       "holding it to pay in each tier (the five-minute rule, for KV).",
       "tiersim reuse traces/samples/mooncake.jsonl --model llama-3.1-8b --machine dgx-h100"});
  TraceInput input(kCommand);
  ReuseRequest request;
  HoldingRequest holding(kCommand);
  input.declare(options);
  request.declare(options);
  holding.declare(options);
  if (!options.parse(arguments)) return 0;
  for (const std::string& text : request.windows) static_cast<void>(window_of(text));
  const traces::Trace trace = input.read();
  require_blocks(kCommand, trace);
  const Duration span = span_of(trace);
  const ReuseView view(trace, windows_of(request.windows, span), holding.resolved(trace));
  const std::string name = std::filesystem::path(trace.origin().path).filename().string();
  if (!request.csv.empty()) write_output_file("--csv", request.csv, view.csv());
  if (!request.plot.empty()) write_output_file("--plot", request.plot, svg_of(view.plot("uses of blocks of " + name)));
  fmt::print("{}  {}: {}", name, trace.origin().hash.substr(0, 6), view.text());
  return 0;
}

}  // namespace tiersim::cli
