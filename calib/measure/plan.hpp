#pragma once
/// Which points of which families are measured within a budget of time, and in which order.
///
/// Called by the command and by the CUDA program. A plan takes the families in their order of worth. Where the budget
/// does not suffice for every point at the full effort, first the time per point shrinks (to a fifth at most), then
/// points are left out evenly within each series until the plan fits; the ends of a series stay even where these alone
/// take longer, and of fresh points one a family. What is done already counts in choosing: a plan that is resumed holds
/// what is left of the same choice. Within a family the order of points is random (the seed's), so that drift does not
/// look like a trend. Deterministic.
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "calib/measure/family.hpp"

namespace tiersim::calib {

struct PlannedPoint {
  Family* family = nullptr;
  Point point;
  double seconds = 0;  ///< estimated, set-up included
};

struct Plan {
  std::vector<PlannedPoint> points;  ///< family by family
  Effort effort;
  double seconds = 0;           ///< estimated sum
  std::size_t left_out = 0;     ///< points of the chosen families' grids that did not fit
  std::size_t done_before = 0;  ///< points that need no more measuring
};

struct PlanRequest {
  std::vector<std::string> families;  ///< by name; empty: all
  double budget = 300;                ///< seconds
  std::uint64_t seed = 1;
  std::set<std::string> done;  ///< keys of points that need no more measuring
};

/// Throws std::invalid_argument for a family that does not exist, naming those that do.
[[nodiscard]] Plan make_plan(const Families& families, const PlanRequest& request);
/// The same for `per_family` fresh sizes a family, drawn from the seed.
[[nodiscard]] Plan make_fresh_plan(const Families& families, const PlanRequest& request, std::size_t per_family);
/// The same points in an order of this seed's, families in theirs.
[[nodiscard]] Plan reordered(Plan plan, std::uint64_t seed);

}  // namespace tiersim::calib
