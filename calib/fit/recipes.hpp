#pragma once
/// Which forms of law each family of kernels may have: one table.
///
/// A Form is a law without its numbers. fit_law (calib/fit/laws) fits every form of a series' recipe, cuts the bytes
/// into segments and adds a correction where the data ask for it, and keeps what explains the training points best for
/// its number of parameters. Families that the table does not know get fixed + bytes + flops. Pure functions.
#include <optional>
#include <string_view>
#include <vector>

#include "calib/profile_laws.hpp"

namespace tiersim::calib {

struct Form {
  Law law;  ///< sides with terms of 0 seconds; with two sides or more its ridge is fitted
  bool fixed = true;
};

/// A law without a formula: what one unit of `per` takes (or the whole run), log-linear between the sizes measured.
struct Curve {
  Feature over = Feature::bytes;
  std::optional<Feature> per;
};

struct Recipe {
  std::vector<Form> forms{};                        ///< alternatives
  std::size_t most_segments = 1;                    ///< that `bytes` may be cut into
  std::vector<std::vector<Feature>> corrections{};  ///< features over which one may be tabulated: alternatives to none
  /// Knots of corrections that are always fitted, together; they take the place of `corrections`.
  std::vector<std::vector<Axis>> tables{};
  std::optional<Curve> curve{};  ///< takes the place of forms
};

/// `processors`: how many output tiles a GPU computes at once (its SMs); 0: no GPU.
[[nodiscard]] Recipe recipe_of(std::string_view family, std::string_view kernel, double processors);

}  // namespace tiersim::calib
