#pragma once
/// Predictions of a profile's laws held against measurements that their fit never saw.
///
/// Called by `tiersim validate` with the samples of fresh points, each measured twice (or once, if they come from
/// elsewhere). A point's measured time is the mean of its measurements, its prediction the law of its series on its
/// work and nothing else. Throttled measurements are left out. A family holds if the median of its points' errors,
/// regardless of sign, is within its tolerance or within twice the spread that measuring the same points again showed,
/// whichever is larger. Points whose series has no law are counted apart. O(n log n); no errors.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "calib/measure/sample.hpp"
#include "calib/profile.hpp"
#include "calib/validate/tolerances.hpp"

namespace tiersim::calib {

struct CheckedPoint {
  Point point;
  double measured = 0, predicted = 0;  ///< s
  double again = -1;                   ///< difference of its two measurements over their mean; negative: only one
  [[nodiscard]] double error() const { return predicted / measured - 1; }
};

struct FamilyCheck {
  ErrorRow errors;        ///< all zeros where every measurement was throttled
  double spread = -1;     ///< median of CheckedPoint::again; negative: nothing was measured twice
  double tolerance = 0;   ///< stated beforehand
  std::size_t worst = 0;  ///< index of Validation::points
  [[nodiscard]] double allowed() const;
  [[nodiscard]] bool holds() const { return errors.median <= allowed(); }
};

struct Validation {
  std::vector<CheckedPoint> points;
  std::vector<FamilyCheck> families;              ///< in the order of their first sample
  std::map<std::string, std::int64_t> uncovered;  ///< series without a law: points
  std::int64_t throttled = 0;                     ///< measurements left out
  [[nodiscard]] bool holds() const;
};

[[nodiscard]] Validation validate(const Profile& profile, const std::vector<Sample>& samples, Machine machine);

/// Whether the profile has a law for any kernel of the family.
[[nodiscard]] bool covers(const Profile& profile, const std::string& family);

}  // namespace tiersim::calib
