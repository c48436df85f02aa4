// A step taken apart: parts that add up, what bounds each, where its time comes from.
#include "sim/cost/explanation.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace tiersim;
using namespace tiersim::literals;

namespace {

models::ModelSpec llama() {
  models::ModelSpec m;
  m.layers = 32, m.hidden = 4096, m.query_heads = 32, m.kv_heads = 8, m.head_dim = 128;
  m.intermediate = 14336, m.vocabulary = 128256;
  return m;
}

hw::MachineSpec machine() {
  hw::MachineSpec m;
  m.gpu.dense_bf16 = 989_TFLOPs;
  m.gpu.memory_bandwidth = 3350_GBps;
  m.gpus = 4;
  m.collective_bandwidth = 380_GBps;
  m.collective_latency = 31_us;
  return m;
}

calib::Profile profile() {
  calib::Profile p;
  p.gemm_efficiency = p.attention_efficiency = p.gemm_bandwidth = p.attention_bandwidth = p.elementwise_bandwidth = 1;
  p.launch = 2_us;
  p.step_overhead = 200_us;
  return p;
}

using Named = std::map<std::string, ExplainedOperator>;
Named named(const ExplainedStep& step) {
  Named out;
  for (const ExplainedOperator& o : step.operators) out.emplace(o.op.name, o);
  return out;
}

Batch mixed(const CostModel& cost) {
  Batch batch = cost.empty_batch();
  batch.add_chunk(1000_tok, 500_tok);
  batch.add_decodes(16, 2000_tok);
  batch.sampled = 17;
  return batch;
}

calib::Law law(std::string family, std::string kernel, std::string variant, double most_bytes) {
  calib::Law l{.family = std::move(family), .kernel = std::move(kernel), .variant = std::move(variant), .fixed = 1e-6};
  l.sides = {{"bandwidth", {{calib::Feature::bytes, 1e-12, 0}}}};
  l.flops = {0, 1e18}, l.bytes = {1, most_bytes};
  return l;
}

}  // namespace

TEST_CASE("do the operators and the CPU add up to the step?") {
  CostModel cost(llama(), machine(), profile(), {.tensor = 2});
  const ExplainedStep step = explain_step(cost, mixed(cost));
  StepTime sum;
  Flops flops(0);
  double bytes = 0;
  for (const ExplainedOperator& o : step.operators) {
    sum += o.time;
    if (o.op.kind == OperatorKind::all_reduce) continue;
    flops += o.flops(), bytes += o.bytes();
  }
  CHECK(step.cpu == Seconds(200e-6));
  CHECK(step.time.total().value() == doctest::Approx((sum.total() + step.cpu).value()).epsilon(1e-12));
  CHECK(step.flops == flops);
  CHECK(step.bytes == bytes);
}

TEST_CASE("does the CPU's part say what launching kernels one by one adds?") {
  calib::Profile with = profile();
  with.eager_launch = 1'000_us;
  CostModel cost(llama(), machine(), with, {.tensor = 2}, 512_tok);
  const ExplainedStep step = explain_step(cost, mixed(cost));
  Seconds kernels{0};
  for (const ExplainedOperator& o : step.operators) kernels += o.time.total();
  CHECK(step.cpu > Seconds(200e-6));
  CHECK(step.time.total().value() == doctest::Approx((kernels + step.cpu).value()).epsilon(1e-12));
}

TEST_CASE("is each operator bound by what takes most of its time?") {
  CostModel cost(llama(), machine(), profile(), {.tensor = 2});
  const Named found = named(explain_step(cost, mixed(cost)));
  CHECK(found.at("gate and up").bound == Bound::compute);
  CHECK(found.at("decode attention").bound == Bound::bandwidth);
  CHECK(found.at("all-reduce").bound == Bound::communication);
  CHECK(found.at("sampling").bound == Bound::bandwidth);
  CHECK(found.at("final norm").bound == Bound::overhead);  // 17 rows of 8 KB: far below a launch
  CHECK(bound_of({.bandwidth = Seconds(1), .overhead = Seconds(1)}) == Bound::bandwidth);
}

TEST_CASE("is intensity FLOPs a byte of memory, of one repeat as of all?") {
  CostModel cost(llama(), machine(), profile(), {.tensor = 2});
  const Named found = named(explain_step(cost, mixed(cost)));
  // 1016 rows, 2048 x 4096 weights a rank: 2 m n k over 2 (n k + m n + m k).
  const double m = 1016, n = 4096, k = 2048;
  CHECK(found.at("attention output").intensity() == doctest::Approx(m * n * k / (n * k + m * n + m * k)));
  CHECK(found.at("attention output").flops().value() == doctest::Approx(32 * 2 * m * n * k));
  CHECK(found.at("all-reduce").intensity() == 0);
}

TEST_CASE("does an operator say where its time comes from?") {
  calib::Profile with = profile();
  with.laws = {law("gemm", "gemm", "bf16", 1e12), law("elementwise", "add", "bf16", 1e12),
               law("attention", "decode_attention", "bf16", 1e3)};
  CostModel cost(llama(), machine(), with, {.tensor = 2});
  const Named found = named(explain_step(cost, mixed(cost)));
  CHECK(found.at("qkv").provenance == Provenance::law);
  CHECK(found.at("embedding").provenance == Provenance::law);
  CHECK(found.at("input norm").provenance == Provenance::stand_in);  // by the law of "add"
  CHECK(found.at("decode attention").provenance == Provenance::extrapolated);
  CHECK(found.at("prefill attention").provenance == Provenance::datasheet);
  CHECK(found.at("all-reduce").provenance == Provenance::datasheet);
}
