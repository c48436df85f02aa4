#pragma once
/// What requests say: tokens that follow from block ids, so that equal blocks have equal content.
///
/// Called by the offload engine and its tests. A token of an identified block depends on the block and its place in it,
/// any other on the request and its place in the sequence. Deterministic; O(tokens).
#include <cstdint>
#include <vector>

#include "sim/serving/workload.hpp"

namespace tiersim::calib {

/// The tokens of prompt and answer, each below `vocabulary`.
[[nodiscard]] std::vector<std::uint32_t> text_of(const Workload& workload, RequestId request, std::int64_t vocabulary);

}  // namespace tiersim::calib
