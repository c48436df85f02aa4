#pragma once
/// The parts of resolve(): each reads one section of a scenario into the run's settings. Called by resolve.cpp alone.
///
/// Each takes the section's Fields (finish() is called), reports what is wrong and goes on with defaults; what was read
/// is left in the Fields' resolved().
#include "sim/config/fields.hpp"
#include "sim/resolve/resolve.hpp"

namespace tiersim::detail {

/// `workload:` the trace (read or generated), the load, the window. Sets trace, trace_name, load, window.
void resolve_workload(config::Fields& root, const Environment& environment, const std::string& folder,
                      ResolvedScenario& out);
/// `serving:` and the engine's rules. Needs the model and the machine.
void resolve_serving(config::Fields& root, ResolvedScenario& out);
/// Of `serving:` how replicas are spread over GPUs: replicas and ranks.
void resolve_parallelism(config::Fields& serving, ServingSettings& out);
/// Warnings where model, machine and profile are no match: types without a rate, a profile of another device.
void warn_of_mismatches(config::Fields& root, const ServingSettings& settings);
/// A tier whose capacity is a share of the trace's distinct blocks.
struct TierShare {
  std::size_t tier;  ///< 0: HBM
  double share;
  SourceMark mark;
};
/// `hierarchy:` the tiers and the memory map. Needs serving. What is a share is settled when the trace is known.
[[nodiscard]] std::vector<TierShare> resolve_hierarchy(config::Fields& root, ResolvedScenario& out);
/// Of the stage that has room for the fewest blocks; one that keeps no KV sets no limit, as long as it fits.
[[nodiscard]] MemoryMap memory_map(const ServingSettings& settings, const models::Ranks& ranks, double utilisation);
/// The blocks that the memory map leaves room for, or an error with what would fit.
void compute_blocks(config::Fields& hbm, ResolvedScenario& out);
/// What a tier's `demote_to` says, and where.
struct Demotion {
  std::string to;  ///< empty: not given
  SourceMark mark, tier;
};
/// Who feeds whom: the next in the list unless `demote_to` says otherwise.
void resolve_demotions(config::Fields& root, const std::vector<std::string>& names,
                       const std::vector<Demotion>& demotions, ServingSettings& settings);
/// Warns of policies that have nothing to move in this hierarchy.
void warn_of_idle_policies(config::Fields& root, const ServingSettings& settings);
/// Every tier must be reached from the GPUs.
void check_routes(config::Fields& root, const std::vector<config::Value>& items, const ServingSettings& settings);
/// A tier that holds all that the tiers above hold is at least as large.
void check_inclusion(config::Fields& root, const ServingSettings& settings);
void settle_shares(config::Fields& root, const std::vector<TierShare>& shares, ResolvedScenario& out);
/// Of a lower tier: `block`, as the engine blocks that it holds together.
[[nodiscard]] std::uint32_t read_chunk(config::Fields& fields, Tokens engine_block);
/// Whether the tiers' blocks go with each other, with how they are written and fetched, and with the trace's.
void check_tier_blocks(config::Fields& root, const ResolvedScenario& out);

/// Reads `{name: {parameter: value}}` or `name` for a registered policy of one interface; see policy.cpp.
struct PolicyMenu {
  std::string what;  ///< "eviction policy"
  std::vector<std::string_view> names;
  std::function<const std::vector<ParameterSpec>&(std::string_view)> parameters;
  std::function<std::string(std::string_view)> why_not{};  ///< a note on a name that is none of these, or empty
};
[[nodiscard]] PolicyMenu eviction_menu();
[[nodiscard]] PolicyMenu admission_menu();
[[nodiscard]] PolicyMenu placement_menu();
[[nodiscard]] PolicyMenu prefetch_menu();
[[nodiscard]] PolicyMenu router_menu();
[[nodiscard]] PolicyMenu attention_menu();
[[nodiscard]] PolicyMenu cache_menu();  ///< of replays without a clock
[[nodiscard]] PolicyChoice resolve_policy(config::Fields& fields, std::string_view key, const PolicyMenu& menu,
                                          const std::string& otherwise);

}  // namespace tiersim::detail
