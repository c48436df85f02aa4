#pragma once
/// A small dense decoder with random weights on the host's processors: what the offload engine computes for real.
///
/// Norm, grouped-query attention with rotary positions, gated MLP, head: the operators of sim/cost's step, each one
/// kernel of calib/host/kernels.hpp, in fp32. Weights follow from the seed. One step at a time; no allocation once it
/// has seen its largest chunk. The team must outlive it.
#include <cstdint>
#include <memory>

#include "calib/host/team.hpp"
#include "calib/offload/compute.hpp"

namespace tiersim::calib {

[[nodiscard]] std::unique_ptr<Compute> make_decoder(Team& team, const DecoderShape& shape, std::uint64_t seed);

}  // namespace tiersim::calib
