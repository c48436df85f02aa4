#pragma once
/// Reads what only measured profiles have: laws, error table, overlaps, ceilings, fingerprint.
///
/// Called by read_profile. Keys that are absent stay so, in the resolved form too; what is there is checked: no
/// negative coefficient, knots ascending, as many coefficients per byte as there are segments, as many factors as
/// knots. A side's keys are the names of features (name_of); "bytes" may be a list, one coefficient for each segment
/// between the knots.
#include "calib/profile.hpp"

namespace tiersim::calib {

void read_measured(config::Fields& fields, Profile& profile);

}  // namespace tiersim::calib
