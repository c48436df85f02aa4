#pragma once
/// What `tiersim calibrate` prints when a profile is made. Pure functions.
#include <string>
#include <vector>

#include "calib/fit/calibrate.hpp"
#include "calib/measure/session.hpp"

namespace tiersim::cli {

/// Empty where none was measured.
[[nodiscard]] std::string ceilings_text(const calib::Ceilings& ceilings);
/// The same by series, with medians.
[[nodiscard]] std::string series_text(const std::vector<calib::ErrorRow>& rows);
/// What the machine reaches now against what it reached when the profile was measured; empty where one is not known.
[[nodiscard]] std::string drift_text(const calib::MeasuredCeilings& then, const std::vector<calib::Ceilings>& now);
/// By family: training and held-out points, their errors.
[[nodiscard]] std::string errors_text(const std::vector<calib::ErrorRow>& by_family);
/// How many samples did not count; empty if all did.
[[nodiscard]] std::string throttled_text(const std::vector<calib::Sample>& samples);

}  // namespace tiersim::cli
