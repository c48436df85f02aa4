#pragma once
/// What the fits see of a sample: its work and its time.
///
/// work_of() turns a measured point into what laws depend on, here and wherever predictions are held against samples.
/// O(parameters).
#include "calib/measure/sample.hpp"
#include "calib/profile_laws.hpp"

namespace tiersim::calib {

struct Observation {
  Work work;
  double seconds = 0;
};

[[nodiscard]] Work work_of(const Sample& sample);
[[nodiscard]] Observation observation_of(const Sample& sample);

/// Not throttled, result right within 1e-2, time and work finite.
[[nodiscard]] bool is_sound(const Sample& sample);

}  // namespace tiersim::calib
