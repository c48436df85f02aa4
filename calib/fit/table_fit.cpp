#include "calib/fit/table_fit.hpp"

#include <Eigen/SparseCholesky>
#include <Eigen/SparseCore>

#include <algorithm>
#include <array>
#include <cmath>

#include "calib/fit/robust.hpp"

namespace tiersim::calib {
namespace {

using Index = Eigen::Index;
using Shares = std::vector<std::pair<Index, double>>;  // of knots in one point
using Entries = std::vector<Eigen::Triplet<double>>;

constexpr int kPasses = 8;

/// The two knots around x and their shares.
std::array<std::pair<std::size_t, double>, 2> hats_at(const std::vector<double>& knots, double x) {
  if (x <= knots.front()) return {{{0, 1}, {0, 0}}};
  if (x >= knots.back()) return {{{knots.size() - 1, 1}, {0, 0}}};
  const auto above = static_cast<std::size_t>(std::upper_bound(knots.begin(), knots.end(), x) - knots.begin());
  const double share = std::log(x / knots[above - 1]) / std::log(knots[above] / knots[above - 1]);
  return {{{above - 1, 1 - share}, {above, share}}};
}

Shares shares_of(const std::vector<Axis>& axes, const Work& work) {
  Shares shares{{0, 1}};
  for (const Axis& axis : axes) {
    Shares finer;
    for (const auto& [at, share] : shares) {
      for (const auto& [knot, part] : hats_at(axis.knots, value_of(axis.feature, work))) {
        if (share * part > 0)
          finer.emplace_back(at * static_cast<Index>(axis.knots.size()) + static_cast<Index>(knot), share * part);
      }
    }
    shares = std::move(finer);
  }
  return shares;
}

class TableFit {
 public:
  TableFit(const std::vector<Axis>& axes, const Pulls& pulls, const Observations& points) : axes_(axes) {
    for (const Axis& axis : axes) size_ *= static_cast<Index>(axis.knots.size());
    for (const Observation& point : points) rows_.push_back(shares_of(axes, point.work));
    add_pulls(pulls);
  }

  [[nodiscard]] Eigen::VectorXd solve(const std::vector<double>& log_ratios) const {
    Eigen::VectorXd factors = Eigen::VectorXd::Zero(size_);
    for (int pass = 0; pass < kPasses; ++pass) factors = solve(log_ratios, weights(log_ratios, factors));
    return factors;
  }

 private:
  /// Adds weight x (sum of parts)^2 to what is minimised.
  static void add_square(Entries& entries, const Shares& parts, double weight) {
    for (const auto& [i, a] : parts) {
      for (const auto& [j, b] : parts) entries.emplace_back(i, j, weight * a * b);
    }
  }

  void add_pulls(const Pulls& pulls) {
    for (Index i = 0; i < size_; ++i) add_square(pulls_, {{i, 1}}, pulls.towards_one);
    Index stride = size_;
    for (const Axis& axis : axes_) {
      const auto count = static_cast<Index>(axis.knots.size());
      stride /= count;
      for (Index i = 0; i < size_; ++i) {
        const Index at = i / stride % count;
        if (pulls.flat > 0 && at + 1 < count) add_square(pulls_, {{i, 1}, {i + stride, -1}}, pulls.flat);
        if (pulls.straight <= 0 || at == 0 || at + 1 >= count) continue;
        add_square(pulls_, {{i - stride, -0.5}, {i, 1}, {i + stride, -0.5}}, pulls.straight);
      }
    }
  }

  [[nodiscard]] std::vector<double> weights(const std::vector<double>& log_ratios,
                                            const Eigen::VectorXd& factors) const {
    std::vector<double> rest(log_ratios);
    for (std::size_t p = 0; p < rest.size(); ++p) {
      for (const auto& [i, share] : rows_[p]) rest[p] -= share * factors[i];
    }
    const double sigma = robust_scale(rest);
    for (double& r : rest) r = huber_weight(r / sigma);
    return rest;
  }

  [[nodiscard]] Eigen::VectorXd solve(const std::vector<double>& log_ratios, const std::vector<double>& weight) const {
    Entries entries = pulls_;
    Eigen::VectorXd right = Eigen::VectorXd::Zero(size_);
    for (std::size_t p = 0; p < rows_.size(); ++p) {
      add_square(entries, rows_[p], weight[p]);
      for (const auto& [i, share] : rows_[p]) right[i] += weight[p] * share * log_ratios[p];
    }
    Eigen::SparseMatrix<double> normal(size_, size_);
    normal.setFromTriplets(entries.begin(), entries.end());
    return Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>>(normal).solve(right);
  }

  const std::vector<Axis>& axes_;
  Index size_ = 1;
  std::vector<Shares> rows_;  // by point
  Entries pulls_;
};

}  // namespace

Correction fit_factors(const std::vector<Axis>& axes, const Pulls& pulls, const Observations& points,
                       const std::vector<double>& log_ratios) {
  Correction table = unity_over(axes);
  auto factor = table.factors.begin();
  for (double log : TableFit(axes, pulls, points).solve(log_ratios)) *factor++ = std::exp(log);
  return table;
}

Correction unity_over(const std::vector<Axis>& axes) {
  std::size_t knots = 1;
  for (const Axis& axis : axes) knots *= axis.knots.size();
  return {axes, std::vector<double>(knots, 1)};
}

std::vector<double> log_ratios_of(const Law& law, const Observations& points) {
  std::vector<double> out;
  for (double residual : residuals_of(law, points)) out.push_back(-std::log1p(residual));
  return out;
}

}  // namespace tiersim::calib
