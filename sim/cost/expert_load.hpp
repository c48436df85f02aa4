#pragma once
/// What a step's tokens leave on the busiest of the ranks that hold routed experts.
///
/// Called by operators.cpp, and by importers of tables for the type and the tile. Routing is independent and even: each
/// of T tokens takes k of E experts at random.
///   experts   touched: E (1 - (1 - k/E)^T), divided among G ranks
///   rows      mean + sqrt(2 mean ln G) for a mean of T k / G: the maximum of G normal variables of variance `mean`,
///             never more than all tokens with as many experts as a rank holds
///   tiles     an expert's rows are computed kTileRows at a time: its first tile, and every further one with the
///             probability that its rows, of variance as large as their mean, reach into it
/// O(tiles of an expert). Deterministic.
#include <cstdint>

#include "models/model_spec.hpp"

namespace tiersim {

struct ExpertLoad {
  double rows = 0;     ///< tokens, each once for every expert of this rank that it takes
  double experts = 0;  ///< of this rank's that are touched
  double tiles = 0;    ///< of kTileRows rows, over these experts
};

inline constexpr std::int64_t kTileRows = 128;  ///< what grouped products of Hopper's kernels compute at once at most

[[nodiscard]] ExpertLoad even_load(const models::FeedForward& network, std::int64_t tokens, std::int64_t ranks);

}  // namespace tiersim
