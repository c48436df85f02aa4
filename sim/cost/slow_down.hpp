#pragma once
/// How much longer a step's kernels take while copies of KV go to or from the GPU that runs them.
///
/// Copies take HBM bandwidth from kernels that are bound by it, and power and clocks from the others. The factors are a
/// profile's overlaps: "gemm" (bound by compute) and "copy" (bound by memory) beside "h2d", "d2h" and "both"; where
/// "both" was not measured, the larger of the two. Factors below 1 are noise and count as 1; without overlaps all are
/// 1. Called by the cost model, once per step: a step that copies join half-way is taken as it began. Left out: that
/// kernels slow copies down in turn.
#include <array>

#include "calib/profile.hpp"
#include "sim/cost/step_time.hpp"

namespace tiersim {

class SlowDowns {
 public:
  explicit SlowDowns(const calib::Profile& profile);

  /// The step's time beside copies to the GPU (`in`), from it (`out`) or both.
  [[nodiscard]] StepTime applied(const StepTime& alone, bool in, bool out) const;

 private:
  struct Factors {
    double compute = 1, bandwidth = 1;
  };
  std::array<Factors, 4> factors_;  // by in + 2 out
};

}  // namespace tiersim
