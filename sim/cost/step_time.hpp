#pragma once
/// The time of one step of the engine, or of one of its operators. What the cost model gives and reports add up.
#include "sim/core/units.hpp"

namespace tiersim {

/// A step's time, split by what the operators in it were bound by. total = compute + bandwidth + communication +
/// overhead. Beside that, by where it comes from: `measured` of it from laws and tables, and of that `extrapolated`
/// beyond what they were trained on, or from a kernel or type that stands in for the one asked for.
struct StepTime {
  Seconds compute{0}, bandwidth{0}, communication{0}, overhead{0};
  Seconds measured{0}, extrapolated{0};
  [[nodiscard]] Seconds total() const { return ((compute + bandwidth) + communication) + overhead; }
  StepTime& operator+=(const StepTime& o) {
    compute += o.compute, bandwidth += o.bandwidth, communication += o.communication, overhead += o.overhead;
    measured += o.measured, extrapolated += o.extrapolated;
    return *this;
  }
};

}  // namespace tiersim
