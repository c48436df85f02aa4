#include "hw/routes.hpp"

#include <doctest/doctest.h>

using namespace tiersim;
using namespace tiersim::literals;

namespace {

hw::Edge edge(int from, int to, BytesPerSecond bandwidth) { return {hw::PlaceId(from), hw::PlaceId(to), bandwidth}; }

std::vector<std::uint32_t> route(std::size_t places, const std::vector<hw::Edge>& edges, std::size_t from,
                                 std::size_t to) {
  std::vector<std::uint32_t> ids;
  const auto routes = hw::find_routes(places, edges);
  for (LinkId link : routes[from * places + to]) ids.push_back(link.value());
  return ids;
}

using Ids = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("fewer hops win over more width") {
  CHECK(route(3, {edge(0, 1, 100_GBps), edge(1, 2, 100_GBps), edge(0, 2, 1_GBps)}, 0, 2) == Ids{2});
}

TEST_CASE("among shortest routes the widest wins") {
  CHECK(route(4, {edge(0, 1, 9_GBps), edge(1, 3, 2_GBps), edge(0, 2, 5_GBps), edge(2, 3, 5_GBps)}, 0, 3) == Ids{2, 3});
}

TEST_CASE("among equally wide routes the lowest ids win, even where a detour starts wider") {
  // Both are 3 GB/s wide because of the last link; the second first hop is wider but has a higher id.
  CHECK(route(3, {edge(0, 1, 4_GBps), edge(0, 1, 9_GBps), edge(1, 2, 3_GBps)}, 0, 2) == Ids{0, 2});
}

TEST_CASE("directions are separate, and what is unconnected has no route") {
  const std::vector<hw::Edge> edges{edge(0, 1, 1_GBps)};
  CHECK(route(3, edges, 0, 1) == Ids{0});
  CHECK(route(3, edges, 1, 0).empty());
  CHECK(route(3, edges, 0, 2).empty());
  CHECK(route(3, edges, 1, 1).empty());
}
