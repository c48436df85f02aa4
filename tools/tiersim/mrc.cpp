// tiersim mrc: what a cache would hit, at every capacity.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <thread>

#include "sim/config/units_text.hpp"
#include "sim/core/registry.hpp"
#include "sim/replay/miss_ratio_curve.hpp"
#include "sim/replay/sampled_curve.hpp"
#include "sim/replay/sweep.hpp"
#include "sim/report/files.hpp"
#include "sim/report/human.hpp"
#include "sim/report/svg_plot.hpp"
#include "tools/tiersim/cache_request.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/rows.hpp"
#include "tools/tiersim/trace_input.hpp"

namespace tiersim::cli {
namespace {

struct MrcRequest {
  std::vector<std::string> policies, capacities;
  std::string csv, plot;
  std::string sample;
  bool by_blocks = false, all = false;
  std::int64_t threads = std::max(1U, std::thread::hardware_concurrency());

  void declare(Options& options) {
    options.group("Curves");
    options.texts("policy", "POLICY", "beside LRU and the bound; several times", policies);
    options.flag("all", "every policy of 'tiersim list policies', as it is by default", all);
    options.texts("capacity", "SIZE", "a row of the table: blocks, '5%', 'N tokens', a size; several times",
                  capacities);
    options.flag("blocks", "shares of blocks instead of prompt tokens", by_blocks);
    options.text("sample", "SHARE", "LRU alone, from so many of the blocks, with the error: for huge traces", sample);
    options.count("threads", "N", "replays at once (default: all cores)", threads, 1);
    options.group("Output");
    options.text("csv", "FILE", "every row with counts", csv);
    options.text("plot", "FILE", "the curves, as SVG", plot);
  }
};

/// One column: a policy's counts at each capacity of the table.
struct PolicyColumn {
  std::string name;
  std::vector<ReplayCounts> at;
};

constexpr std::array kShares = {"0.1%", "0.2%", "0.5%", "1%", "2%", "5%", "10%", "20%", "50%", "100%"};

std::vector<std::size_t> capacities_of(const MrcRequest& request, const CacheRequest& cache,
                                       const traces::Trace& trace) {
  std::vector<std::size_t> out;
  if (request.capacities.empty())
    for (const char* share : kShares) out.push_back(std::max<std::size_t>(1, cache.capacity(share, trace)));
  for (const std::string& text : request.capacities) out.push_back(cache.capacity(text, trace));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

/// LRU from its curve, then the policies asked for, then the bound.
std::vector<PolicyColumn> columns_of(const MrcRequest& request, const CacheRequest& cache, const traces::Trace& trace,
                                     const MissRatioCurve& curve, const std::vector<std::size_t>& capacities) {
  std::vector<PolicyColumn> columns{{"lru", {}}};
  for (std::size_t capacity : capacities) columns[0].at.push_back(curve.at(capacity));
  std::vector<std::string> names = request.policies;
  for (const std::string_view name : Registry<BlockCache>::instance().names())
    if (request.all && name != "lru" && !needs_future(name)) names.emplace_back(name);
  names.push_back(cache.rule() == HitRule::prefix ? "belady_leaf" : "belady_bypass");
  std::vector<ReplaySettings> replays;
  for (const std::string& text : names) {
    const PolicyChoice choice = cache.policy(text);
    columns.push_back({choice.name, {}});
    const TouchOrder order = choice.name == "belady_leaf" ? TouchOrder::head_first : cache.order();
    for (std::size_t capacity : capacities) replays.push_back({choice, capacity, cache.rule(), order, cache.seed()});
  }
  const std::vector<ReplayCounts> counts = replay_all(trace, replays, static_cast<std::size_t>(request.threads));
  for (std::size_t i = 0; i < counts.size(); ++i) columns[1 + i / capacities.size()].at.push_back(counts[i]);
  return columns;
}

double rate_of(const ReplayCounts& counts, bool by_blocks) {
  return by_blocks ? counts.hit_rate() : counts.token_hit_rate();
}

const char* what_hits(bool by_blocks) { return by_blocks ? "prompt blocks" : "prompt tokens"; }

/// A row for each policy: for more policies than fit side by side.
std::string table_by_policy(const std::vector<PolicyColumn>& columns, const std::vector<std::size_t>& capacities,
                            const traces::Trace& trace, bool by_blocks) {
  std::vector<std::string> names;
  for (const std::size_t capacity : capacities)
    names.push_back(human::share(static_cast<double>(capacity) / trace.distinct_blocks()));
  std::vector<Column> titles{{"of all blocks", 14, '<'}};
  for (const std::string& name : names) titles.push_back({name.c_str(), 6});
  Rows rows(fmt::format("share of {} that hit, by capacity", what_hits(by_blocks)), titles);
  for (const PolicyColumn& column : columns) {
    Cells cells{column.name};
    for (const ReplayCounts& counts : column.at) cells.push_back(human::share(rate_of(counts, by_blocks)));
    rows.add(cells);
  }
  return rows.text();
}

std::string table_by_capacity(const std::vector<PolicyColumn>& columns, const std::vector<std::size_t>& capacities,
                              const traces::Trace& trace, bool by_blocks) {
  std::vector<Column> titles{{"blocks", 9}, {"tokens", 7}, {"of all", 6}};
  for (const PolicyColumn& column : columns) titles.push_back({column.name.c_str(), 7});
  titles.push_back({"prefill", 7});
  Rows rows(fmt::format("share of {} that hit; prefill: 1 / (1 - LRU's), the speed-up at best", what_hits(by_blocks)),
            titles);
  for (std::size_t row = 0; row < capacities.size(); ++row) {
    const auto blocks = static_cast<double>(capacities[row]);
    Cells cells{human::grouped(static_cast<std::int64_t>(capacities[row])),
                human::prefixed(blocks * trace.block_tokens()), human::share(blocks / trace.distinct_blocks())};
    for (const PolicyColumn& column : columns) cells.push_back(human::share(rate_of(column.at[row], by_blocks)));
    cells.push_back(fmt::format("{:.2f}x", 1 / (1 - rate_of(columns[0].at[row], by_blocks))));
    rows.add(cells);
  }
  return rows.text();
}

std::string table_of(const std::vector<PolicyColumn>& columns, const std::vector<std::size_t>& capacities,
                     const traces::Trace& trace, bool by_blocks) {
  constexpr std::size_t kSideBySide = 7;
  return columns.size() > kSideBySide ? table_by_policy(columns, capacities, trace, by_blocks)
                                      : table_by_capacity(columns, capacities, trace, by_blocks);
}

/// The capacity at which LRU has this share of the hits that it has with room for all.
std::size_t capacity_for(const MissRatioCurve& curve, double share) {
  const double wanted = share * static_cast<double>(curve.hits.back());
  const auto at = std::find_if(curve.hits.begin(), curve.hits.end(),
                               [&](std::uint64_t hits) { return static_cast<double>(hits) >= wanted; });
  return static_cast<std::size_t>(at - curve.hits.begin());
}

std::string working_set_line(const MissRatioCurve& curve) {
  if (curve.hits.back() == 0) return "nothing is used twice: no cache can hit\n";
  const auto blocks = [&](double share) {
    return human::grouped(static_cast<std::int64_t>(capacity_for(curve, share)));
  };
  return fmt::format("LRU has half of all possible hits with {} blocks, 90% with {}, 99% with {}\n", blocks(0.5),
                     blocks(0.9), blocks(0.99));
}

std::string csv_of(const std::vector<PolicyColumn>& columns, const std::vector<std::size_t>& capacities) {
  std::string out = "policy,capacity_blocks,accesses,hits,block_hit_rate,tokens,hit_tokens,token_hit_rate\n";
  for (const PolicyColumn& column : columns)
    for (std::size_t row = 0; row < capacities.size(); ++row) {
      const ReplayCounts& c = column.at[row];
      out += fmt::format("{},{},{},{},{:.6f},{},{},{:.6f}\n", column.name, capacities[row], c.accesses, c.hits,
                         c.hit_rate(), c.tokens, c.hit_tokens, c.token_hit_rate());
    }
  return out;
}

/// LRU's whole curve; the others at the capacities of the table.
LogPlot plot_of(const std::vector<PolicyColumn>& columns, const std::vector<std::size_t>& capacities,
                const MissRatioCurve& curve, const std::string& title, bool by_blocks) {
  constexpr double kStep = 1.04;
  LogPlot plot{
      title, "capacity (blocks)", by_blocks ? "hit rate of prompt blocks" : "hit rate of prompt tokens", {}, {}, true};
  const auto point = [&](std::size_t capacity, const ReplayCounts& counts) {
    return PlotPoint{static_cast<double>(capacity), rate_of(counts, by_blocks), {}};
  };
  plot.lines.push_back({"lru", {}});
  for (double c = static_cast<double>(capacities.front()); c <= static_cast<double>(capacities.back()); c *= kStep)
    plot.lines[0].points.push_back(point(static_cast<std::size_t>(c), curve.at(static_cast<std::size_t>(c))));
  for (std::size_t column = 1; column < columns.size(); ++column) {
    plot.lines.push_back({columns[column].name, {}});
    for (std::size_t row = 0; row < capacities.size(); ++row)
      plot.lines.back().points.push_back(point(capacities[row], columns[column].at[row]));
  }
  return plot;
}

double sample_rate(const std::string& text) {
  std::string problem;
  const auto rate = config::parse_fraction(text, problem);
  if (!rate || *rate <= 0 || *rate > 1)
    misuse("tiersim mrc", fmt::format("--sample '{}' is no share of the blocks", text), {"such as '1%'"});
  return *rate;
}

std::string sampled_table(const SampledCurve& curve, const std::vector<std::size_t>& capacities,
                          const traces::Trace& trace) {
  Rows rows(fmt::format("share of blocks that hit under LRU, each mention an access, from {} sampled blocks",
                        human::grouped(static_cast<std::int64_t>(curve.sampled_blocks()))),
            {{"blocks", 9}, {"tokens", 7}, {"of all", 6}, {"lru", 7}, {"+-", 6}});
  for (const std::size_t capacity : capacities) {
    const auto blocks = static_cast<double>(capacity);
    const SampledCurve::Estimate estimate = curve.at(capacity);
    rows.add({human::grouped(static_cast<std::int64_t>(capacity)), human::prefixed(blocks * trace.block_tokens()),
              human::share(blocks / trace.distinct_blocks()), human::share(estimate.hit_rate),
              human::share(estimate.standard_error)});
  }
  return rows.text();
}

}  // namespace

int mrc_command(const Arguments& arguments) {
  Options options({"tiersim mrc",
                   "Hit rates of a trace's blocks at every capacity: LRU's exact curve in one pass, other policies by\n"
                   "replay, and what Belady's choice would reach. No clock, no machine.",
                   "tiersim mrc traces/samples/mooncake.jsonl --policy s3fifo --policy arc"});
  TraceInput input("tiersim mrc");
  CacheRequest cache("tiersim mrc");
  MrcRequest request;
  input.declare(options);
  cache.declare(options);
  request.declare(options);
  if (!options.parse(arguments)) return 0;
  for (const std::string& policy : request.policies) static_cast<void>(cache.policy(policy));
  const traces::Trace trace = input.read();
  require_blocks("tiersim mrc", trace);
  const bool by_blocks = request.by_blocks || cache.rule() == HitRule::block;
  const std::vector<std::size_t> capacities = capacities_of(request, cache, trace);
  const std::string name = std::filesystem::path(trace.origin().path).filename().string();
  if (!request.sample.empty()) {
    const SampledCurve sampled(trace, sample_rate(request.sample));
    fmt::print("{}  {}\n{}+-: standard error of {} samples\n", name, trace.origin().hash.substr(0, 6),
               sampled_table(sampled, capacities, trace), SampledCurve::kGroups);
    return 0;
  }
  const MissRatioCurve curve = lru_curve(trace, cache.rule(), cache.order());
  const std::vector<PolicyColumn> columns = columns_of(request, cache, trace, curve, capacities);
  fmt::print("{}  {}: {}\n{}\n\n", name, trace.origin().hash.substr(0, 6), trace_line(trace, curve.at(0)),
             cache.definitions());
  fmt::print("{}\n{}", table_of(columns, capacities, trace, by_blocks), working_set_line(curve));
  if (!request.csv.empty()) write_output_file("--csv", request.csv, csv_of(columns, capacities));
  if (!request.plot.empty())
    write_output_file("--plot", request.plot,
                      svg_of(plot_of(columns, capacities, curve, "hit rates of " + name, by_blocks)));
  return 0;
}

}  // namespace tiersim::cli
