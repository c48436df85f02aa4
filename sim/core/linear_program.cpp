#include "sim/core/linear_program.hpp"

#include <coin/ClpFactorization.hpp>
#include <coin/ClpSimplex.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>

#include "sim/core/diagnostics.hpp"

namespace tiersim {
namespace {

constexpr double kNothing = 1e-9;
constexpr int kNoPerturbation = 100;  // Clp's word for it

/// The matrix as Clp takes it: column after column, with the row of every element.
struct Columns {
  std::vector<CoinBigIndex> starts;
  std::vector<int> rows;
  std::vector<double> values;

  explicit Columns(const LinearProgram& program) {
    for (std::size_t j = 0; j < program.costs.size(); ++j) {
      starts.push_back(static_cast<CoinBigIndex>(values.size()));
      for (std::size_t i = 0; i < program.rows.size(); ++i)
        rows.push_back(static_cast<int>(i)), values.push_back(program.rows[i][j]);
    }
    starts.push_back(static_cast<CoinBigIndex>(values.size()));
  }
};

void load(const LinearProgram& program, ClpSimplex& into) {
  const Columns columns(program);
  const std::vector<double> at_least(program.limits.size(), -std::numeric_limits<double>::infinity());
  into.loadProblem(static_cast<int>(program.costs.size()), static_cast<int>(program.limits.size()),
                   columns.starts.data(), columns.rows.data(), columns.values.data(), nullptr, nullptr,
                   program.costs.data(), at_least.data(), program.limits.data());
}

/// The same bytes on every machine: no perturbation, and no LAPACK, whose order of sums is the installed library's.
void set_up(ClpSimplex& model) {
  model.setLogLevel(0);
  model.setPrimalTolerance(kNothing);
  model.setDualTolerance(kNothing);
  model.setPerturbation(kNoPerturbation);
  model.factorization()->setDenseThreshold(0);
}

}  // namespace

std::optional<std::vector<double>> solve(const LinearProgram& program) {
  ensure(program.rows.size() == program.limits.size(), "a linear program with more rows than limits, or fewer");
  for (const std::vector<double>& row : program.rows)
    ensure(row.size() == program.costs.size(), "a row of a linear program of another length than its costs");
  ClpSimplex model;
  set_up(model);
  load(program, model);
  model.primal();
  if (!model.isProvenOptimal()) return std::nullopt;
  std::vector<double> values(model.getColSolution(), model.getColSolution() + program.costs.size());
  for (double& value : values) value = std::max(0.0, value);  // within the tolerance of 0
  return values;
}

}  // namespace tiersim
