#pragma once
/// When a step can end whose blocks arrive layer by layer.
///
/// Layer l of L computes for C/L, after layer l - 1 and after the l-th of L equal parts of the load's bytes has
/// arrived; so the step ends no earlier than max over l of (arrival of part l + (L - l + 1) C / L). Arrivals are read
/// off the flow's progress, linear between its points. O(L + points).
#include "sim/core/units.hpp"
#include "sim/transfer/transfer_engine.hpp"

namespace tiersim {

[[nodiscard]] Time layerwise_end(const EndedFlow& flow, Duration compute, std::int64_t layers);

}  // namespace tiersim
