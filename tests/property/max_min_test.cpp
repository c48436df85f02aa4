// Max-min rates on random problems: feasible, and nobody could have more without somebody poorer having less.
#include "sim/transfer/max_min.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "sim/core/rng.hpp"

using namespace tiersim;

namespace {

constexpr double kSlack = 1e-9;

struct Problem {
  std::vector<double> capacities;
  std::vector<std::vector<ConstraintIndex>> routes;
  std::vector<FlowShare> flows;
};

Problem random_problem(Rng& rng) {
  Problem out;
  for (std::uint64_t i = 1 + rng.below(8); i > 0; --i) out.capacities.push_back(1 + 10 * rng.uniform());
  for (std::uint64_t i = 1 + rng.below(40); i > 0; --i) {
    std::vector<ConstraintIndex>& route = out.routes.emplace_back();
    for (ConstraintIndex c = 0; c < out.capacities.size(); ++c) {
      if (rng.below(3) == 0) route.push_back(c);
    }
  }
  for (const auto& route : out.routes) {
    out.flows.push_back({.constraints = route, .ceiling = rng.below(4) == 0 ? 0.5 + rng.uniform() : 100.0});
  }
  return out;
}

double load(const Problem& problem, ConstraintIndex c) {
  double sum = 0;
  for (const FlowShare& flow : problem.flows) {
    if (std::count(flow.constraints.begin(), flow.constraints.end(), c) > 0) sum += flow.rate;
  }
  return sum;
}

/// Whether c is full and nobody on it has more than this flow.
bool binds(const Problem& problem, ConstraintIndex c, const FlowShare& flow) {
  if (load(problem, c) < problem.capacities[c] * (1 - kSlack)) return false;
  return std::all_of(problem.flows.begin(), problem.flows.end(), [&](const FlowShare& other) {
    return std::count(other.constraints.begin(), other.constraints.end(), c) == 0 ||
           other.rate <= flow.rate * (1 + kSlack);
  });
}

}  // namespace

TEST_CASE("max-min rates fit every capacity, and every flow is at its ceiling or the richest on a full constraint") {
  Rng rng(7);
  for (int round = 0; round < 300; ++round) {
    Problem problem = random_problem(rng);
    MaxMinSolver solver(problem.capacities);
    solver.solve(problem.flows);
    for (ConstraintIndex c = 0; c < problem.capacities.size(); ++c) {
      CHECK(load(problem, c) <= problem.capacities[c] * (1 + kSlack));
    }
    const bool fair = std::all_of(problem.flows.begin(), problem.flows.end(), [&](const FlowShare& flow) {
      return flow.rate == flow.ceiling || std::any_of(flow.constraints.begin(), flow.constraints.end(),
                                                      [&](ConstraintIndex c) { return binds(problem, c, flow); });
    });
    CHECK(fair);
  }
}

TEST_CASE("solving twice with one solver gives the same rates as with a fresh one") {
  Rng rng(8);
  Problem problem = random_problem(rng);
  MaxMinSolver solver(problem.capacities);
  solver.solve(problem.flows);
  std::vector<FlowShare> again = problem.flows;
  solver.solve(again);
  for (std::size_t i = 0; i < again.size(); ++i) CHECK(again[i].rate == problem.flows[i].rate);
}
