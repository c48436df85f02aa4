// tiersim replay-cache: what each tier of a hierarchy would hit, without a clock.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "sim/report/files.hpp"
#include "sim/report/human.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/rows.hpp"
#include "tools/tiersim/scenario_input.hpp"
#include "tools/tiersim/tier_request.hpp"
#include "tools/tiersim/trace_input.hpp"

namespace tiersim::cli {
namespace {

constexpr double kNoticeable = 0.01;  // of the prompt tokens: less is no reason to change a tier
constexpr double kDay = 86400;        // s
constexpr double kYear = 365.25;      // days

/// What a replay came to: depths[k] is with the first k + 1 tiers.
struct Outcome {
  const std::vector<RequestedTier>& tiers;
  const traces::Trace& trace;
  std::string name;  ///< of the trace
  std::vector<HierarchyCounts> depths;

  [[nodiscard]] const HierarchyCounts& whole() const { return depths.back(); }
  [[nodiscard]] double gain(std::size_t tier) const {
    return depths[tier].all.token_hit_rate() - (tier > 0 ? depths[tier - 1].all.token_hit_rate() : 0);
  }
  [[nodiscard]] double days() const {
    const std::size_t requests = trace.size();
    return requests == 0 ? 0 : static_cast<double>(trace.arrival(RequestId(requests - 1)).value()) * 1e-9 / kDay;
  }
};

std::string blocks_text(std::uint64_t blocks) { return human::grouped(static_cast<std::int64_t>(blocks)); }

std::string hit_table(const Outcome& o) {
  Rows rows(
      "share of prompt tokens found here; with: here and above; gain: over the tiers above alone;\n"
      "  belady, all: with these tiers' blocks used best, with room for all; prefill: 1 / (1 - with), at best",
      {{"tier", 6, '<'},
       {"blocks", 9},
       {"of all", 6},
       {"eviction", 8, '<'},
       {"here", 6},
       {"with", 6},
       {"gain", 6},
       {"belady", 6},
       {"all", 6},
       {"prefill", 7}});
  for (std::size_t t = 0; t < o.tiers.size(); ++t) {
    const ReplayTier& tier = o.tiers[t].tier;
    const HierarchyCounts& counts = o.depths[t];
    const double with = counts.all.token_hit_rate();
    const double here = static_cast<double>(o.whole().tiers[t].hit_tokens) /
                        static_cast<double>(std::max<std::uint64_t>(1, o.whole().all.tokens));
    rows.add({tier.name, blocks_text(tier.capacity),
              human::share(static_cast<double>(tier.capacity) / o.trace.distinct_blocks()), tier.eviction.name,
              human::share(here), human::share(with), human::share(o.gain(t)),
              human::share(counts.belady.token_hit_rate()), human::share(counts.infinite.token_hit_rate()),
              fmt::format("{:.2f}x", 1 / (1 - with))});
  }
  return rows.text();
}

std::string miss_table(const Outcome& o) {
  Rows rows("why prompt blocks missed, with this tier and those above", {{"tier", 6, '<'},
                                                                         {"misses", 9},
                                                                         {"compulsory", 10},
                                                                         {"capacity", 8},
                                                                         {"policy", 8},
                                                                         {"admission", 9},
                                                                         {"gap", 6}});
  for (std::size_t t = 0; t < o.tiers.size(); ++t) {
    const HierarchyCounts& counts = o.depths[t];
    const std::uint64_t misses = counts.all.accesses - counts.all.hits;
    const auto share = [&](std::uint64_t part) {
      return human::share(static_cast<double>(part) / static_cast<double>(std::max<std::uint64_t>(1, misses)));
    };
    const ReplayMisses& m = counts.misses;
    rows.add({o.tiers[t].tier.name, blocks_text(misses), share(m.compulsory), share(m.capacity), share(m.policy),
              share(m.admission), share(m.gap)});
  }
  return rows.text();
}

/// Bytes a day and how long the drive lives, where known.
Cells writing_cells(const RequestedTier& tier, std::uint64_t written, double days) {
  const double bytes = static_cast<double>(written) * static_cast<double>(tier.block_bytes.value());
  if (bytes == 0) return {"-", "-"};
  if (days <= 0) return {human::bytes(bytes) + " in all", "-"};
  const double life = static_cast<double>(tier.endurance.value()) / (bytes / days);
  return {human::bytes(bytes / days), tier.endurance == Bytes(0) ? "-"
                                      : life < kYear             ? human::number(life) + " days"
                                                                 : human::number(life / kYear) + " years"};
}

std::string write_table(const Outcome& o) {
  Rows rows("blocks that entered, were turned away, and made room for others", {{"tier", 6, '<'},
                                                                                {"write", 8, '<'},
                                                                                {"admission", 9, '<'},
                                                                                {"entered", 9},
                                                                                {"refused", 9},
                                                                                {"evicted", 9},
                                                                                {"a day", 8},
                                                                                {"endures", 9}});
  for (std::size_t t = 0; t < o.tiers.size(); ++t) {
    const RequestedTier& tier = o.tiers[t];
    const TierCounts& counts = o.whole().tiers[t];
    const char* write = t == 0 ? "-" : tier.tier.write == WriteMode::back ? "back" : "through";
    Cells cells{tier.tier.name,
                write,
                t == 0 ? "-" : tier.tier.admission.name,
                blocks_text(counts.written),
                blocks_text(counts.refused),
                blocks_text(counts.evicted)};
    for (std::string& cell : writing_cells(tier, counts.written, o.days())) cells.push_back(std::move(cell));
    rows.add(cells);
  }
  return rows.text();
}

/// What would bring the most from here on, for the tiers down to this one.
std::string verdict(const Outcome& o, std::size_t t) {
  const HierarchyCounts& c = o.depths[t];
  const double have = c.all.token_hit_rate(), best = c.belady.token_hit_rate(), most = c.infinite.token_hit_rate();
  const double by_policy = best - have, by_capacity = most - std::max(have, best);
  if (std::max(by_policy, by_capacity) < kNoticeable)
    return fmt::format("nothing: with room for all it would be {}", human::share(most));
  if (by_capacity >= by_policy)
    return fmt::format("capacity: room for all would hit {} more, beyond the {} of Belady's choice",
                       human::share(by_capacity), human::share(std::max(0.0, by_policy)));
  return fmt::format("{}: Belady's choice would hit {} more, room for all another {}",
                     c.misses.admission > c.misses.policy ? "policy (its admission)" : "policy",
                     human::share(by_policy), human::share(by_capacity));
}

std::string verdicts(const Outcome& o) {
  Rows rows("what limits each tier with those above", {{"tier", 6, '<'}, {"verdict", 0, '<'}});
  for (std::size_t t = 0; t < o.tiers.size(); ++t) rows.add({o.tiers[t].tier.name, verdict(o, t)});
  return rows.text();
}

std::string csv_of(const Outcome& o) {
  std::string out =
      "tier,capacity_blocks,eviction,hits,hit_tokens,with_hits,with_hit_tokens,accesses,tokens,belady_hits,"
      "infinite_hits,compulsory,capacity,policy,admission,gap,written,refused,evicted\n";
  for (std::size_t t = 0; t < o.tiers.size(); ++t) {
    const ReplayTier& tier = o.tiers[t].tier;
    const HierarchyCounts& c = o.depths[t];
    const TierCounts& n = o.whole().tiers[t];
    const ReplayMisses& m = c.misses;
    out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", tier.name, tier.capacity,
                       tier.eviction.name, n.hits, n.hit_tokens, c.all.hits, c.all.hit_tokens, c.all.accesses,
                       c.all.tokens, c.belady.hits, c.infinite.hits, m.compulsory, m.capacity, m.policy, m.admission,
                       m.gap, n.written, n.refused, n.evicted);
  }
  return out;
}

void print(const Outcome& o) {
  fmt::print("{}  {}: {}\n", o.name, o.trace.origin().hash.substr(0, 6), trace_line(o.trace, o.whole().all));
  fmt::print(
      "hits: the longest prefix that is resident over the tiers when the request comes, each block from the first\n"
      "tier that has it; one request at a time, moves take no time; the whole trace counts, compulsory misses too\n\n");
  fmt::print("{}\n{}\n{}\n{}", hit_table(o), miss_table(o), write_table(o), verdicts(o));
}

}  // namespace

int replay_cache_command(const Arguments& arguments) {
  const std::string name = "tiersim replay-cache";
  Options options(
      {name,
       "What each tier of a hierarchy hits, what is written to it, why the rest misses and what limits\n"
       "each: a trace through tiers given by hand, or through those of a scenario, without a clock.",
       "tiersim replay-cache traces/samples/mooncake.jsonl --tier 20% --tier '{capacity: 80%, write: back}'"});
  TraceInput input(name);
  CacheRequest cache(name);
  std::vector<std::string> texts;
  std::string csv, library;
  std::int64_t threads = std::max(1U, std::thread::hardware_concurrency());
  input.declare(options, "TRACE|SCENARIO", "a trace, also looked for below TIERSIM_DATA, or a scenario's .yaml");
  declare_library(options, library);
  options.group("Tiers");
  options.texts("tier", "TIER",
                "a capacity, or {tier: NAME, capacity: 20%, eviction: arc, admission: ..., write: back}; "
                "several times, fastest first",
                texts);
  cache.declare_sizes(options);
  options.count("threads", "N", "replays at once (default: all cores)", threads, 1);
  options.group("Output");
  options.text("csv", "FILE", "every tier with counts", csv);
  if (!options.parse(arguments)) return 0;
  const bool of_scenario = input.path().ends_with(".yaml") || input.path().ends_with(".yml");
  if (of_scenario && !texts.empty())
    misuse(name, "--tier is for traces: a scenario has its own hierarchy",
           {"--set hierarchy.dram.capacity=2TiB changes it"});
  std::vector<RequestedTier> tiers;
  traces::Trace trace;
  std::string trace_name;
  if (of_scenario) {
    const ResolvedScenario scenario = resolve_scenario(name, input.path(), input.settings(), library);
    trace = scenario.trace;
    trace_name = scenario.trace_name;
    require_blocks(name, trace);
    tiers = tiers_of_scenario(name, scenario);
  } else {
    trace = input.read();
    trace_name = std::filesystem::path(trace.origin().path).filename().string();
    require_blocks(name, trace);
    tiers = tiers_of_texts(name, texts, cache, trace);
  }
  std::vector<ReplayTier> replayed;
  for (const RequestedTier& tier : tiers) replayed.push_back(tier.tier);
  const Outcome outcome{tiers, trace, trace_name,
                        replay_by_depth(trace, replayed, cache.seed(), static_cast<std::size_t>(threads))};
  print(outcome);
  if (!csv.empty()) write_output_file("--csv", csv, csv_of(outcome));
  return 0;
}

}  // namespace tiersim::cli
