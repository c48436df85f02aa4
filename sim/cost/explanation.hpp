#pragma once
/// One step taken apart: what each operator does, takes, is bound by, and where its time comes from.
///
/// Called by `tiersim explain`. Figures are of one GPU (of a pipeline: of one GPU a stage, all stages together), of all
/// repeats of an operator. An operator is bound by the largest part of its time. totals() are the step's, the CPU's
/// part included; FLOPs and bytes of HBM leave communication out. O(operators); no state.
#include <vector>

#include "sim/cost/cost_model.hpp"

namespace tiersim {

enum class Bound { compute, bandwidth, communication, overhead };

/// The largest part; the first of equal ones in the order of Bound.
[[nodiscard]] Bound bound_of(const StepTime& time);

struct ExplainedOperator {
  Operator op;
  StepTime time;
  Bound bound = Bound::compute;
  Provenance provenance = Provenance::datasheet;
  [[nodiscard]] Flops flops() const { return op.flops * static_cast<double>(op.repeats); }
  [[nodiscard]] double bytes() const { return op.bytes * static_cast<double>(op.repeats); }
  /// FLOPs a byte of HBM; 0 for communication.
  [[nodiscard]] double intensity() const;
};

struct ExplainedStep {
  Batch batch;
  std::vector<ExplainedOperator> operators;  ///< in the order of execution
  StepTime time;                             ///< of the whole step
  Seconds cpu;                               ///< of its overhead, what no kernel causes
  Flops flops{0};
  double bytes = 0;
};

[[nodiscard]] ExplainedStep explain_step(CostModel& cost, const Batch& batch);

}  // namespace tiersim
