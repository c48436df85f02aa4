#pragma once
/// Max-min fair rates: nobody can have more without somebody who has no more than it getting less.
///
/// Called by the transfer engine whenever a flow starts or stops moving. A constraint is a capacity that some flows
/// share (a fair link's direction, a duplex cap); a flow crosses any number of them, uses of each its rate times a
/// weight (1, or more where it costs the link more than its bytes), and has a ceiling of its own. Progressive filling
/// (Bertsekas and Gallager, Data Networks, 6.5.2): with
///   share(c) = capacity left of c / weights of the flows of c without a rate yet,   level = min over c of share(c),
/// every flow whose ceiling is at or below the level gets its ceiling; if there is none, every flow that crosses a
/// constraint whose share is the level gets the level; capacities are reduced; repeat until all have a rate.
/// Units: any one unit for capacities, ceilings and rates. Rates are positive where capacities and ceilings are.
/// Cost: O(rounds x (flows x route + constraints in use)), rounds <= constraints + distinct ceilings; few in practice.
/// No allocation once the largest problem has been seen. Deterministic in the order of the flows.
#include <cstdint>
#include <span>
#include <vector>

namespace tiersim {

using ConstraintIndex = std::uint32_t;

/// One flow as the solver sees it.
struct FlowShare {
  std::span<const ConstraintIndex> constraints;
  std::span<const double> weights{};  ///< one a constraint, positive; empty: all are 1
  double ceiling = 0;
  double rate = 0;  ///< out
};

class MaxMinSolver {
 public:
  explicit MaxMinSolver(std::vector<double> capacities);
  void solve(std::span<FlowShare> flows);

 private:
  struct Constraint {
    double capacity = 0, left = 0, share = 0;
    double extra = 0;         // of the weights of the flows without a rate yet: what is above 1 each
    std::uint32_t flows = 0;  // how many these are
  };
  void open(std::span<FlowShare> flows);
  double level();
  bool give_ceilings(double level);
  void give_level(double level);
  void give(FlowShare& flow, double rate);
  void open_extra(const FlowShare& flow);
  void give_extra(const FlowShare& flow);
  template <class Takes>
  bool give_where(Takes takes);

  std::vector<Constraint> constraints_;
  std::vector<ConstraintIndex> used_;
  std::vector<FlowShare*> pending_;  // without a rate yet, in the order of the flows
};

}  // namespace tiersim
