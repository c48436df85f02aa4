#include "sim/cost/explanation.hpp"

#include <algorithm>

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
  Seconds kernels{0};
  std::int64_t count = 0;
  for (const Operator& op : cost.operators(batch)) {
    const StepTime time = cost.time_of(op);
    const ExplainedOperator& added =
        step.operators.emplace_back(ExplainedOperator{op, time, bound_of(time), cost.provenance_of(op)});
    kernels += time.total(), count += op.repeats;
    if (is_communication(op.kind)) continue;
    step.flops += added.flops();
    step.bytes += added.bytes();
  }
  step.cpu = in_seconds(cost.profile().step_overhead);
  step.cpu += std::max(Seconds(0), cost.launches(batch.tokens(), count) - kernels);
  return step;
}

}  // namespace tiersim
