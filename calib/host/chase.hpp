#pragma once
/// A chain through all cache lines of a working set, in random order: what the family "latency" follows.
///
/// Costs 4 bytes of scratch per line while it is linked.
#include <cstdint>
#include <span>

#include "sim/core/rng.hpp"

namespace tiersim::calib {

struct alignas(64) ChaseLine {
  const ChaseLine* next = nullptr;
  std::int64_t ballast[7] = {};
};

/// One cycle through every line; at most 2^32 lines.
void link_at_random(std::span<ChaseLine> lines, Rng& rng);
/// The line that `loads` dependent loads lead to.
[[nodiscard]] const ChaseLine* chase(const ChaseLine* from, std::int64_t loads);

}  // namespace tiersim::calib
