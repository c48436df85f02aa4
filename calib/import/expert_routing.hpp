#pragma once
/// How published tables of experts' kernels spread tokens over experts, and what that leaves on the rank that they
/// time.
///
/// Called by importers. With exponent 0 as evenly as can be: the i-th expert of token t is t + i E/k, counted around;
/// timed is the first rank. Otherwise as ai-dynamo/aiconfigurator draws it: each expert's share from a power law with
/// this exponent (between 1 and 0.8 T rows; below a row per expert between 0.01 and 2), rounded to rows, at most T an
/// expert, what is missing or too much settled rank by rank; timed is the busiest rank. Its draws are not known: the
/// load is the mean of eight of ours. Of 9,000 routings a second or two. Deterministic.
#include <compare>
#include <cstdint>

#include "sim/cost/expert_load.hpp"

namespace tiersim::calib {

struct Routing {
  std::int64_t tokens = 0, experts = 0, active = 0, ranks = 1;
  double exponent = 0;                               ///< not 1
  auto operator<=>(const Routing&) const = default;  // NOLINT(modernize-use-nullptr): the 0 it compares with
};

[[nodiscard]] ExpertLoad load_of(const Routing& routing);

}  // namespace tiersim::calib
