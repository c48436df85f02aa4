#pragma once
/// Draws of fresh sizes: log-uniform, so that every order of magnitude is as likely as any other.
///
/// Called by families' fresh(). Deterministic in the Rng; O(1).
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "sim/core/rng.hpp"

namespace tiersim::calib {

/// In [low, high], rounded to a multiple of `grain`, at least one grain; 0 < low <= high.
inline double log_uniform(Rng& rng, double low, double high, double grain = 1) {
  const double drawn = low * std::exp(rng.uniform() * std::log(high / low));
  return std::max(grain, std::round(drawn / grain) * grain);
}

template <class T>
const T& any_of(Rng& rng, std::span<const T> choices) {
  return choices[rng.below(choices.size())];
}

}  // namespace tiersim::calib
