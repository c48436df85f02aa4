#pragma once
/// What is decided before a fit: which points are held out, and which form a series' law may have.
///
/// Called by calibrate(). measuring_rules() are for points that this project's microkernels measured; tables of others,
/// with many more points, have rules of their own (calib/import/table_rules.hpp).
#include <functional>
#include <string>
#include <vector>

#include "calib/fit/laws.hpp"
#include "calib/fit/split.hpp"

namespace tiersim::calib {

struct FitRules {
  std::function<Split(const std::vector<Sample>& series)> split;
  std::function<Recipe(const Point& series, const Observations& train)> recipe;
  std::string held_out;           ///< in words, a sentence
  std::vector<Point> included{};  ///< kernels whose time is within that of others: their laws take none
};

/// `processors`: see recipe_of().
[[nodiscard]] FitRules measuring_rules(double processors);

}  // namespace tiersim::calib
