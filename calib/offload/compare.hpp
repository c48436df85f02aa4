#pragma once
/// A measured configuration beside its prediction, and the verdict over all of them. Pure functions.
///
/// Called by validate_offload.
#include <span>
#include <vector>

#include "calib/offload/engine.hpp"
#include "calib/offload/scenario.hpp"
#include "calib/offload/validate.hpp"

namespace tiersim::calib {

/// The rounds served the same requests; at least one.
[[nodiscard]] OffloadRow compare_offload(const OffloadConfiguration& configuration, const DecoderShape& shape,
                                         std::span<const OffloadRun> rounds, const ServingOutcome& predicted);
/// Counts the pairs of rows whose order is right, wrong, or too close to tell.
void judge_order(OffloadResult& result);

}  // namespace tiersim::calib
