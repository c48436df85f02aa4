#include "sim/transfer/max_min.hpp"

#include <algorithm>
#include <limits>

namespace tiersim {

MaxMinSolver::MaxMinSolver(std::vector<double> capacities) {
  constraints_.reserve(capacities.size());
  for (double capacity : capacities) constraints_.push_back({.capacity = capacity});
}

void MaxMinSolver::solve(std::span<FlowShare> flows) {
  open(flows);
  // The level never falls; rounding alone could make it, by a part in 10^16.
  for (double filled = 0; !pending_.empty();) {
    filled = std::max(filled, level());
    if (!give_ceilings(filled)) give_level(filled);
  }
}

void MaxMinSolver::open(std::span<FlowShare> flows) {
  used_.clear();
  pending_.clear();
  for (FlowShare& flow : flows) {
    pending_.push_back(&flow);
    for (ConstraintIndex c : flow.constraints) {
      Constraint& constraint = constraints_[c];
      if (constraint.flows++ > 0) continue;
      constraint.left = constraint.capacity;
      constraint.extra = 0;
      used_.push_back(c);
    }
    if (!flow.weights.empty()) open_extra(flow);
  }
}

// Weights apart from the rest: most flows have none, and nothing is added for those.
void MaxMinSolver::open_extra(const FlowShare& flow) {
  for (std::size_t i = 0; i < flow.weights.size(); ++i) {
    constraints_[flow.constraints[i]].extra += flow.weights[i] - 1;
  }
}

void MaxMinSolver::give_extra(const FlowShare& flow) {
  for (std::size_t i = 0; i < flow.weights.size(); ++i) {
    Constraint& constraint = constraints_[flow.constraints[i]];
    constraint.left -= flow.rate * (flow.weights[i] - 1);
    constraint.extra -= flow.weights[i] - 1;
  }
}

double MaxMinSolver::level() {
  double least = std::numeric_limits<double>::infinity();
  for (ConstraintIndex c : used_) {
    Constraint& constraint = constraints_[c];
    if (constraint.flows == 0) continue;
    constraint.share = constraint.left / (constraint.flows + constraint.extra);
    least = std::min(least, constraint.share);
  }
  return least;
}

void MaxMinSolver::give(FlowShare& flow, double rate) {
  flow.rate = rate;
  for (ConstraintIndex c : flow.constraints) {
    constraints_[c].left -= rate;
    --constraints_[c].flows;
  }
  if (!flow.weights.empty()) give_extra(flow);
}

/// Removes from pending_ the flows that took a rate; true if any did.
template <class Takes>
bool MaxMinSolver::give_where(Takes takes) {
  const std::size_t before = pending_.size();
  std::erase_if(pending_, takes);
  return pending_.size() < before;
}

bool MaxMinSolver::give_ceilings(double level) {
  return give_where([&](FlowShare* flow) {
    if (flow->ceiling > level) return false;
    give(*flow, flow->ceiling);
    return true;
  });
}

void MaxMinSolver::give_level(double level) {
  give_where([&](FlowShare* flow) {
    for (ConstraintIndex c : flow->constraints) {
      if (constraints_[c].share > level) continue;
      give(*flow, level);
      return true;
    }
    return false;
  });
}

}  // namespace tiersim
