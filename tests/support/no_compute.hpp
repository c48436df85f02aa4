#pragma once
/// A decoder that computes nothing in no time: the offload engine's decisions alone.
#include "calib/offload/compute.hpp"

namespace tiersim::test {

class NoCompute final : public calib::Compute {
 public:
  std::span<const float> step(const calib::ComputeStep&) override { return {}; }
};

}  // namespace tiersim::test
