#include "sim/cost/explanation.hpp"

namespace tiersim {

Bound bound_of(const StepTime& time) {
  Bound bound = Bound::compute;
  Seconds most = time.compute;
  const auto look = [&](Seconds part, Bound by) {
    if (part > most) most = part, bound = by;
  };
  look(time.bandwidth, Bound::bandwidth);
  look(time.communication, Bound::communication);
  look(time.overhead, Bound::overhead);
  return bound;
}

double ExplainedOperator::intensity() const {
  return is_communication(op.kind) || op.bytes <= 0 ? 0 : op.flops.value() / op.bytes;
}

ExplainedStep explain_step(CostModel& cost, const Batch& batch) {
  ExplainedStep step;
  step.batch = batch;
  step.time = cost.step(batch);
  step.cpu = in_seconds(cost.profile().step_overhead);
  for (const Operator& op : cost.operators(batch)) {
    const StepTime time = cost.time_of(op);
    const ExplainedOperator& added =
        step.operators.emplace_back(ExplainedOperator{op, time, bound_of(time), cost.provenance_of(op)});
    if (is_communication(op.kind)) continue;
    step.flops += added.flops();
    step.bytes += added.bytes();
  }
  return step;
}

}  // namespace tiersim
