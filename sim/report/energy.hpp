#pragma once
/// What the machine drew and cost during the measurement window.
///
/// Called by metrics.cpp. A GPU draws its limit (TDP) while it computes, communication and step overhead included, and
/// its idle power for the rest of the window, waits for loads included; the rest of the machine draws the same all the
/// time. All GPUs of the machine count, those that no replica uses as idle. Cost is the machine's price times the
/// window. So energy is an upper bound for steps that are bound by memory, which draw less than the limit, and goes
/// with the figures of hw's files: what those do not state is zero. Left out: power that follows load inside a step,
/// cooling, what drives and networks draw when busy. O(1).
#include <optional>

#include "sim/core/units.hpp"
#include "sim/report/facts.hpp"

namespace tiersim {

struct Energy {
  Joules gpus{0}, machine{0};  ///< machine: everything but the GPUs
  [[nodiscard]] Joules total() const { return gpus + machine; }
};

/// Nothing where the machine states no watts.
[[nodiscard]] std::optional<Energy> energy_of(const Facts& facts);

/// Nothing where the machine states no price.
[[nodiscard]] std::optional<Dollars> cost_of(const Facts& facts);

}  // namespace tiersim
