// Max-min rates on random problems, weighted or not: feasible, nobody could have more without somebody poorer having
// less, and equal to those of a naive filling.
#include "sim/transfer/max_min.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/core/rng.hpp"

using namespace tiersim;

namespace {

constexpr double kSlack = 1e-9;

struct Problem {
  std::vector<double> capacities;
  std::vector<std::vector<ConstraintIndex>> routes;
  std::vector<std::vector<double>> weights;  // none: all are 1
  std::vector<FlowShare> flows;
};

/// Of the flows that have weights, half of them are 1, the others up to a thousand.
Problem random_problem(Rng& rng, bool weighted) {
  Problem out;
  for (std::uint64_t i = 1 + rng.below(8); i > 0; --i) out.capacities.push_back(1 + 10 * rng.uniform());
  for (std::uint64_t i = 1 + rng.below(40); i > 0; --i) {
    std::vector<ConstraintIndex>& route = out.routes.emplace_back();
    for (ConstraintIndex c = 0; c < out.capacities.size(); ++c) {
      if (rng.below(3) == 0) route.push_back(c);
    }
    std::vector<double>& weights = out.weights.emplace_back();
    if (!weighted || rng.below(2) == 0) continue;
    for (std::size_t c = 0; c < route.size(); ++c) {
      weights.push_back(rng.below(2) == 0 ? 1 : std::exp(rng.uniform() * std::log(1000)));
    }
  }
  for (std::size_t i = 0; i < out.routes.size(); ++i) {
    const double ceiling = rng.below(4) == 0 ? 0.5 + rng.uniform() : 100.0;
    out.flows.push_back({.constraints = out.routes[i], .weights = out.weights[i], .ceiling = ceiling});
  }
  return out;
}

/// What a flow uses of a constraint per unit of its rate.
double use(const FlowShare& flow, ConstraintIndex c) {
  for (std::size_t i = 0; i < flow.constraints.size(); ++i) {
    if (flow.constraints[i] == c) return flow.weights.empty() ? 1 : flow.weights[i];
  }
  return 0;
}

double load(const Problem& problem, ConstraintIndex c) {
  double sum = 0;
  for (const FlowShare& flow : problem.flows) sum += flow.rate * use(flow, c);
  return sum;
}

/// Raises all rates together until somebody meets a ceiling or a full constraint, and goes on with the others.
std::vector<double> naive_rates(Problem problem) {
  for (FlowShare& flow : problem.flows) flow.rate = 0;
  std::vector<FlowShare*> growing;
  for (FlowShare& flow : problem.flows) growing.push_back(&flow);
  const auto left = [&](ConstraintIndex c) { return problem.capacities[c] - load(problem, c); };
  while (!growing.empty()) {
    double step = std::numeric_limits<double>::infinity();
    for (const FlowShare* flow : growing) step = std::min(step, flow->ceiling - flow->rate);
    for (ConstraintIndex c = 0; c < problem.capacities.size(); ++c) {
      double uses = 0;
      for (const FlowShare* flow : growing) uses += use(*flow, c);
      if (uses > 0) step = std::min(step, left(c) / uses);
    }
    for (FlowShare* flow : growing) flow->rate += std::max(step, 0.0);
    std::erase_if(growing, [&](const FlowShare* flow) {
      return flow->rate >= flow->ceiling * (1 - kSlack) ||
             std::any_of(flow->constraints.begin(), flow->constraints.end(),
                         [&](ConstraintIndex c) { return left(c) <= kSlack * problem.capacities[c]; });
    });
  }
  std::vector<double> out;
  for (const FlowShare& flow : problem.flows) out.push_back(flow.rate);
  return out;
}

/// Whether c is full and nobody on it has more than this flow.
bool binds(const Problem& problem, ConstraintIndex c, const FlowShare& flow) {
  if (load(problem, c) < problem.capacities[c] * (1 - kSlack)) return false;
  return std::all_of(problem.flows.begin(), problem.flows.end(), [&](const FlowShare& other) {
    return use(other, c) == 0 || other.rate <= flow.rate * (1 + kSlack);
  });
}

}  // namespace

TEST_CASE("max-min rates fit every capacity, and every flow is at its ceiling or the richest on a full constraint") {
  Rng rng(7);
  for (int round = 0; round < 300; ++round) {
    Problem problem = random_problem(rng, round % 2 == 0);
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

TEST_CASE("weighted max-min rates are those of a naive filling") {
  Rng rng(9);
  for (int round = 0; round < 200; ++round) {
    Problem problem = random_problem(rng, round % 2 == 0);
    const std::vector<double> expected = naive_rates(problem);
    MaxMinSolver(problem.capacities).solve(problem.flows);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(problem.flows[i].rate == doctest::Approx(expected[i]).epsilon(1e-6));
    }
  }
}

TEST_CASE("weights of 1 give exactly the rates of no weights") {
  Rng rng(10);
  for (int round = 0; round < 50; ++round) {
    Problem plain = random_problem(rng, false), weighted = plain;
    MaxMinSolver solver(plain.capacities);
    solver.solve(plain.flows);
    for (std::size_t i = 0; i < plain.flows.size(); ++i) {
      weighted.weights[i].assign(weighted.routes[i].size(), 1.0);
      weighted.flows[i].weights = weighted.weights[i];
    }
    solver.solve(weighted.flows);
    for (std::size_t i = 0; i < plain.flows.size(); ++i) CHECK(plain.flows[i].rate == weighted.flows[i].rate);
  }
}

TEST_CASE("solving twice with one solver gives the same rates as with a fresh one") {
  Rng rng(8);
  Problem problem = random_problem(rng, true);
  MaxMinSolver solver(problem.capacities);
  solver.solve(problem.flows);
  std::vector<FlowShare> again = problem.flows;
  solver.solve(again);
  for (std::size_t i = 0; i < again.size(); ++i) CHECK(again[i].rate == problem.flows[i].rate);
}
