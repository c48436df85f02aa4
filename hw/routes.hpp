#pragma once
/// Shortest routes over a directed graph: fewest hops, then widest (the least bandwidth on the way), then lowest ids.
///
/// Called by Topology when a machine is built. Edge k is LinkId k; places count from 0. The lowest ids are the
/// lexicographically least sequence of LinkIds among the routes that are equal in hops and width.
/// Cost: O(places x (places + links + route lengths)); the graph is Boost's, kept out of this header.
#include <cstdint>
#include <span>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/units.hpp"

namespace tiersim::hw {

using PlaceId = Id<struct PlaceTag>;

/// One direction of a link.
struct Edge {
  PlaceId from, to;
  BytesPerSecond bandwidth;
};

/// Routes by from * places + to; empty where the two are the same or unconnected.
[[nodiscard]] std::vector<std::vector<LinkId>> find_routes(std::size_t places, std::span<const Edge> edges);

}  // namespace tiersim::hw
