// tiersim trace info: a trace in numbers.
#include <fmt/format.h>

#include <algorithm>

#include "sim/replay/miss_ratio_curve.hpp"
#include "sim/replay/reuse_intervals.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/trace_input.hpp"
#include "traces/summary.hpp"

namespace tiersim::cli {
namespace {

std::optional<traces::Distribution> intervals_of(const traces::Trace& trace) {
  const IntervalHistogram intervals = reuse_intervals(trace, {}).intervals;
  if (intervals.count() == 0) return {};
  const auto ns = [](Duration d) { return static_cast<std::uint64_t>(d.value()); };
  return traces::Distribution{.mean = static_cast<double>(intervals.mean().value()),
                              .p50 = ns(intervals.percentile(50)),
                              .p90 = ns(intervals.percentile(90)),
                              .p99 = ns(intervals.percentile(99)),
                              .max = ns(intervals.percentile(100))};
}

/// From LRU's curve: what hits from a capacity of c blocks on has c - 1 others between its uses.
std::optional<traces::Distribution> distances_of(const traces::Trace& trace) {
  const std::vector<std::uint64_t> hits = lru_curve(trace, HitRule::block, TouchOrder::head_first).hits;
  const std::uint64_t uses = hits.back();
  if (uses == 0) return {};
  const auto percentile = [&](std::uint64_t percent) {
    const std::uint64_t place = (percent * uses + 99) / 100;
    return static_cast<std::uint64_t>(std::lower_bound(hits.begin(), hits.end(), place) - hits.begin()) - 1;
  };
  double sum = 0;
  for (std::size_t c = 1; c < hits.size(); ++c)
    sum += static_cast<double>(c - 1) * static_cast<double>(hits[c] - hits[c - 1]);
  return traces::Distribution{.mean = sum / static_cast<double>(uses),
                              .p50 = percentile(50),
                              .p90 = percentile(90),
                              .p99 = percentile(99),
                              .max = percentile(100)};
}

}  // namespace

int trace_info_command(const Arguments& arguments) {
  Options options(
      {"tiersim trace info",
       "Says what a trace is like: rate, bursts, lengths, sessions, footprint, sharing, how long and how many\n"
       "blocks lie between uses, the best reuse that it allows; and what it is useless for.",
       "tiersim trace info traces/samples/mooncake.jsonl"});
  TraceInput input("tiersim trace info");
  input.declare(options);
  if (!options.parse(arguments)) return 0;
  const traces::Trace trace = input.read();
  traces::TraceSummary summary = traces::summarise(trace);
  if (trace.has_blocks()) {
    if (summary.arrivals.times > 1) summary.reuse_interval = intervals_of(trace);
    summary.reuse_distance = distances_of(trace);
  }
  fmt::print("{}", traces::to_text(summary));
  return 0;
}

}  // namespace tiersim::cli
