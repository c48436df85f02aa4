#include "hw/routes.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>

#include <algorithm>
#include <limits>

namespace tiersim::hw {
namespace {

/// The edges turned round, so that a search from a target finds the hops to it.
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

/// What is known about the best ways from each place to one target.
struct ToTarget {
  std::vector<std::size_t> hops;  // SIZE_MAX: no way
  std::vector<double> width;      // of the widest among the shortest
};

Graph reversed(std::size_t places, std::span<const Edge> edges) {
  Graph graph(places);
  for (const Edge& edge : edges) boost::add_edge(edge.to.index(), edge.from.index(), graph);
  return graph;
}

bool is_step(const ToTarget& best, const Edge& edge) {
  return best.hops[edge.to.index()] != SIZE_MAX && best.hops[edge.from.index()] == best.hops[edge.to.index()] + 1;
}

/// Widths settle in the order of hops: a shortest route's rest is a shortest route.
void find_widths(std::span<const std::vector<LinkId>> leaving, std::span<const Edge> edges, std::size_t target,
                 ToTarget& best) {
  std::vector<std::size_t> places;
  for (std::size_t p = 0; p < best.hops.size(); ++p) {
    if (best.hops[p] != SIZE_MAX) places.push_back(p);
  }
  std::stable_sort(places.begin(), places.end(), [&](auto a, auto b) { return best.hops[a] < best.hops[b]; });
  best.width.assign(best.hops.size(), 0);
  best.width[target] = std::numeric_limits<double>::infinity();
  for (std::size_t p : places) {
    for (LinkId link : leaving[p]) {
      const Edge& edge = edges[link.index()];
      if (!is_step(best, edge)) continue;
      best.width[p] = std::max(best.width[p], std::min(edge.bandwidth.value(), best.width[edge.to.index()]));
    }
  }
}

/// Steps along the lowest link that keeps the route shortest and as wide as it can be.
std::vector<LinkId> walk(std::span<const std::vector<LinkId>> leaving, std::span<const Edge> edges, std::size_t from,
                         const ToTarget& best) {
  std::vector<LinkId> route;
  if (best.hops[from] == SIZE_MAX) return route;
  const double width = best.width[from];
  for (std::size_t place = from; best.hops[place] > 0; place = edges[route.back().index()].to.index()) {
    route.push_back(*std::find_if(leaving[place].begin(), leaving[place].end(), [&](LinkId link) {
      const Edge& edge = edges[link.index()];
      return is_step(best, edge) && std::min(edge.bandwidth.value(), best.width[edge.to.index()]) >= width;
    }));
  }
  return route;
}

}  // namespace

std::vector<std::vector<LinkId>> find_routes(std::size_t places, std::span<const Edge> edges) {
  const Graph graph = reversed(places, edges);
  std::vector<std::vector<LinkId>> leaving(places), routes(places * places);
  for (std::size_t i = 0; i < edges.size(); ++i) leaving[edges[i].from.index()].push_back(LinkId(i));
  for (std::size_t target = 0; target < places; ++target) {
    ToTarget best{std::vector<std::size_t>(places, SIZE_MAX), {}};
    best.hops[target] = 0;
    boost::breadth_first_search(
        graph, target,
        boost::visitor(boost::make_bfs_visitor(boost::record_distances(best.hops.data(), boost::on_tree_edge()))));
    find_widths(leaving, edges, target, best);
    for (std::size_t from = 0; from < places; ++from) routes[from * places + target] = walk(leaving, edges, from, best);
  }
  return routes;
}

}  // namespace tiersim::hw
