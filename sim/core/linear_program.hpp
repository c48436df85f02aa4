#pragma once
/// Small linear programs: the least of costs . x where rows . x <= limits and x >= 0.
///
/// Called by what places fractions of something under capacities (sim/cost/flexgen_model.hpp). Solved by COIN-OR Clp's
/// primal simplex. Rows should be scaled to limits of about one: what is below 1e-9 counts as nothing. For some tens of
/// rows and columns: the matrix is dense. Deterministic: one thread, no time limit, no perturbation; the same bytes
/// whatever LAPACK the machine has. Errors: rows of another length than the costs are our bug.
#include <optional>
#include <vector>

namespace tiersim {

struct LinearProgram {
  std::vector<double> costs;              ///< of each variable
  std::vector<std::vector<double>> rows;  ///< each as long as the costs
  std::vector<double> limits;             ///< of each row; may be negative
};

/// The variables of a least-cost solution; none where no x keeps all limits, or where costs have no least.
[[nodiscard]] std::optional<std::vector<double>> solve(const LinearProgram& program);

}  // namespace tiersim
