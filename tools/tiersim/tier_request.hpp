#pragma once
/// The tiers of a replay without a clock: from --tier, or from a scenario's hierarchy.
///
/// --tier is a capacity ("5%", "10000"; cache_request.hpp) or a map as in a scenario: `{tier: dram, capacity: 20%,
/// eviction: arc, admission: second_touch, write: back, exclusive: true, endurance: 8 PB}`. Of a scenario the hierarchy
/// and the trace count; all replicas' HBM is one tier, and blocks are the trace's. Errors: BadInput.
#include <optional>
#include <string>
#include <vector>

#include "sim/replay/hierarchy_replay.hpp"
#include "sim/resolve/resolve.hpp"
#include "tools/tiersim/cache_request.hpp"

namespace tiersim::cli {

struct RequestedTier {
  ReplayTier tier;
  Bytes block_bytes;  ///< of a trace block as stored here; 0: not known
  Bytes endurance;    ///< that may be written to it in its life; 0: not known
};

[[nodiscard]] std::vector<RequestedTier> tiers_of_texts(const std::string& command,
                                                        const std::vector<std::string>& texts,
                                                        const CacheRequest& cache, const traces::Trace& trace);
[[nodiscard]] std::vector<RequestedTier> tiers_of_scenario(const std::string& command,
                                                           const ResolvedScenario& scenario);

}  // namespace tiersim::cli
