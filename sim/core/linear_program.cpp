#include "sim/core/linear_program.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "sim/core/diagnostics.hpp"

namespace tiersim {
namespace {

constexpr double kNothing = 1e-9;

/// rows: one a constraint, then the costs; columns: variables, a slack a row, one artificial variable, the limit. A
/// basis names the variable that each constraint's row gives the value of.
class Tableau {
 public:
  explicit Tableau(const LinearProgram& program)
      : variables_(program.costs.size()), limits_(program.limits.size()), basis_(limits_) {
    ensure(program.rows.size() == limits_, "a linear program with more rows than limits, or fewer");
    std::iota(basis_.begin(), basis_.end(), variables_);
    for (std::size_t i = 0; i < limits_; ++i) {
      ensure(program.rows[i].size() == variables_, "a row of a linear program of another length than its costs");
      std::vector<double>& row = rows_.emplace_back(program.rows[i]);
      row.resize(last() + 1, 0.0);
      row[variables_ + i] = 1, row[artificial()] = -1, row[last()] = program.limits[i];
    }
  }

  /// Phase one: the artificial variable lifts every limit to 0 at least, then leaves if it can.
  bool make_feasible() {
    const auto least = std::min_element(rows_.begin(), rows_.end(),
                                        [&](const auto& a, const auto& b) { return a[last()] < b[last()]; });
    if (least == rows_.end() || (*least)[last()] >= 0) return true;
    const auto row = static_cast<std::size_t>(least - rows_.begin());
    std::vector<double> costs(last() + 1, 0.0);
    costs[artificial()] = 1;
    rows_.push_back(std::move(costs));
    pivot(row, artificial());
    minimise(artificial() + 1);
    const double left = -rows_.back()[last()];
    rows_.pop_back();
    if (left > kNothing) return false;
    take_out_artificial();
    return true;
  }

  /// Phase two; false where costs have no least.
  bool minimise_costs(const std::vector<double>& given) {
    std::vector<double> costs = given;
    costs.resize(last() + 1, 0.0);
    for (std::size_t i = 0; i < limits_; ++i) {
      if (const double cost = costs[basis_[i]]; cost != 0) subtract(costs, rows_[i], cost);
    }
    rows_.push_back(std::move(costs));
    return minimise(artificial());
  }

  [[nodiscard]] std::vector<double> solution() const {
    std::vector<double> values(variables_, 0.0);
    for (std::size_t i = 0; i < limits_; ++i)
      if (basis_[i] < variables_) values[basis_[i]] = rows_[i][last()];
    return values;
  }

 private:
  [[nodiscard]] std::size_t artificial() const { return variables_ + limits_; }
  [[nodiscard]] std::size_t last() const { return artificial() + 1; }

  static void subtract(std::vector<double>& from, const std::vector<double>& row, double times) {
    for (std::size_t j = 0; j < from.size(); ++j) from[j] -= times * row[j];
  }

  void pivot(std::size_t row, std::size_t column) {
    const double by = rows_[row][column];
    for (double& value : rows_[row]) value /= by;
    for (std::size_t i = 0; i < rows_.size(); ++i)
      if (const double times = rows_[i][column]; i != row && times != 0) subtract(rows_[i], rows_[row], times);
    basis_[row] = column;
  }

  /// The row that limits a column first; of equal ones that of the lowest variable. limits_ where none does.
  [[nodiscard]] std::size_t leaving(std::size_t column) const {
    std::size_t best = limits_;
    double least = 0;
    for (std::size_t i = 0; i < limits_; ++i) {
      if (rows_[i][column] <= kNothing) continue;
      const double ratio = rows_[i][last()] / rows_[i][column];
      if (best == limits_ || ratio < least || (ratio == least && basis_[i] < basis_[best])) best = i, least = ratio;
    }
    return best;
  }

  /// Bland: the first column below `columns` that lowers the last row's cost enters, until none does.
  bool minimise(std::size_t columns) {
    for (;;) {
      const auto costs = rows_.back().begin(), end = costs + static_cast<std::ptrdiff_t>(columns);
      const auto entering = std::find_if(costs, end, [](double cost) { return cost < -kNothing; });
      if (entering == end) return true;
      const auto column = static_cast<std::size_t>(entering - costs);
      const std::size_t row = leaving(column);
      if (row == limits_) return false;
      pivot(row, column);
    }
  }

  /// At value 0 it may still be in the basis: any other column of its row takes its place.
  void take_out_artificial() {
    const auto at = std::find(basis_.begin(), basis_.end(), artificial());
    if (at == basis_.end()) return;
    const auto row = static_cast<std::size_t>(at - basis_.begin());
    for (std::size_t j = 0; j < artificial(); ++j) {
      if (rows_[row][j] > kNothing || rows_[row][j] < -kNothing) return pivot(row, j);
    }
  }

  std::size_t variables_, limits_;
  std::vector<std::size_t> basis_;
  std::vector<std::vector<double>> rows_;
};

}  // namespace

std::optional<std::vector<double>> solve(const LinearProgram& program) {
  Tableau tableau(program);
  if (!tableau.make_feasible() || !tableau.minimise_costs(program.costs)) return std::nullopt;
  return tableau.solution();
}

}  // namespace tiersim
