#pragma once
/// A profile's efficiencies from its laws: for machines and kernels that no law covers.
///
/// Each is what a law reaches on the largest points that it was measured on, as a share of the measured ceiling, within
/// (0.001, 1]; without law or ceiling it is what calib/profiles/datasheet.yaml has. Also the cost of a launch, the
/// ridge, and what a step costs besides. Every value gets a comment that says where it comes from.
#include <map>
#include <string>

#include "calib/fit/fitted_series.hpp"
#include "calib/measure/session.hpp"
#include "calib/profile.hpp"

namespace tiersim::calib {

/// Fills the profile's scalars, all but its name, and returns the comments by key.
std::map<std::string, std::string> fill_fallbacks(Profile& profile, const FittedSeriesList& series,
                                                  const Ceilings& ceilings, bool is_host);

}  // namespace tiersim::calib
