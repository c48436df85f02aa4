// Fu, "Challenges in Deploying Long-Context Transformers" (2024): four figures of Yi-34B on one A100 of 80 GB at
// contexts of 4,000 and 50,000 tokens, from our shapes and our datasheets. The paper rounds what goes in (68 GB of
// weights, 11 GB of KV, which are GiB, 2 TB/s); where that alone is more than the tolerance, its own arithmetic is what
// is held.
#include <doctest/doctest.h>

#include "sim/cost/cost_model.hpp"
#include "tests/support/shipped.hpp"

using namespace tiersim;

namespace {

constexpr double kGiB = 1 << 30;
constexpr std::int64_t kShort = 4'000, kLong = 50'000;

struct Setting {
  models::ModelSpec model = tests::shipped_model("yi-34b");
  hw::MachineSpec machine = tests::shipped_machine("a100x1");
  [[nodiscard]] double parameters() const { return static_cast<double>(model.parameters()); }
  [[nodiscard]] double kv(std::int64_t tokens) const {
    return static_cast<double>(model.kv_of_sequence(Tokens(tokens)).value());
  }
};

/// Peaks reached, the larger roof alone, nothing else: the paper's model of a GPU.
calib::Profile ideal() {
  calib::Profile p;
  p.gemm_efficiency = p.attention_efficiency = 1;
  p.gemm_bandwidth = p.attention_bandwidth = p.elementwise_bandwidth = 1;
  p.ridge_exponent = 1000;
  return p;
}

/// 250 tokens, each of which reads all weights and the KV of its context.
double decode_seconds(const Setting& s, std::int64_t context) {
  CostModel cost(s.model, s.machine, ideal(), {});
  Batch batch = cost.empty_batch();
  batch.decodes = batch.sampled = 1;
  batch.decode_context = Tokens(context);
  return 250 * cost.step(batch).total().value();
}

}  // namespace

TEST_CASE("are the KV bytes of long contexts those of Fu's table?") {
  const Setting s;
  CHECK(s.kv(1) == 245'760);
  CHECK(s.kv(kLong) / kGiB == doctest::Approx(11.44).epsilon(1e-3));
  CHECK(s.kv(kShort) / kGiB == doctest::Approx(0.916).epsilon(1e-3));
  CHECK(s.kv(2 * kLong) / kGiB == doctest::Approx(22.9).epsilon(1e-3));
}

TEST_CASE("does prefill take Fu's time by his formula, and more by exact causal pairs?") {
  const Setting s;
  const double layers = static_cast<double>(s.model.layers), hidden = static_cast<double>(s.model.hidden);
  const auto seconds = [&](double n) {
    return (2 * s.parameters() * n + layers * n * n * hidden) / s.machine.gpu.half_peak().value();
  };
  CHECK(seconds(kLong) == doctest::Approx(14.1).epsilon(0.03));
  CHECK(seconds(kShort) == doctest::Approx(0.89).epsilon(0.03));
  // Exact: every pair of a query and a key before it takes 4 d FLOPs, two times what the formula counts.
  CostModel cost(s.model, s.machine, ideal(), {});
  Batch batch = cost.empty_batch();
  batch.add_chunk(Tokens(kLong), Tokens(0));
  double attention = 0;
  for (const Operator& op : cost.operators(batch))
    if (op.kind == OperatorKind::prefill_attention) attention += op.flops.value() * static_cast<double>(op.repeats);
  const double n = kLong;
  CHECK(attention == doctest::Approx(2 * layers * n * (n + 1) * hidden).epsilon(1e-12));
  MESSAGE("prefill of 50,000 tokens: " << seconds(n) << " s by the formula, " << cost.step(batch).total().value()
                                       << " s by exact pairs; published 14.1 s");
}

TEST_CASE("does decoding take Fu's time?") {
  const Setting s;
  MESSAGE("250 tokens after 50,000: " << decode_seconds(s, kLong) << " s, after 4,000: " << decode_seconds(s, kShort)
                                      << " s; published 9.8 s and 8.5 s");
  CHECK(decode_seconds(s, kLong) == doctest::Approx(9.8).epsilon(0.01));
  CHECK(decode_seconds(s, kShort) == doctest::Approx(8.5).epsilon(0.01));
}

TEST_CASE("does switching between users take Fu's time?") {
  const Setting s;
  const auto seconds = [&](std::int64_t tokens) { return 2 * s.kv(tokens) / kGiB / 20; };  // 20 GB/s, of his GB
  MESSAGE("out and in: " << seconds(kLong) << " s and " << seconds(kShort)
                         << " s; published 1.1 s, of 11.44 GB rounded to 11, and 0.09 s");
  CHECK(seconds(kLong) * 11 / 11.44 == doctest::Approx(1.1).epsilon(0.03));
  CHECK(seconds(kShort) == doctest::Approx(0.09).epsilon(0.03));
}

TEST_CASE("are as many users served at once as Fu has it, in either unit of 80 GB?") {
  const Setting s;
  const auto users = [&](double memory, double weights, std::int64_t tokens) {
    return (memory - weights) / s.kv(tokens);
  };
  const double gib = static_cast<double>(s.machine.gpu.memory.value());
  CHECK(gib == 80 * kGiB);
  CHECK(users(gib, 68e9, kLong) == doctest::Approx(1.46).epsilon(0.005));
  CHECK(users(gib, 68e9, kShort) == doctest::Approx(18.2).epsilon(0.005));
  CHECK(users(80e9, 68e9, kLong) == doctest::Approx(0.98).epsilon(0.005));  // decimal: not even one
  CHECK(users(80e9, 68e9, kShort) == doctest::Approx(12.2).epsilon(0.005));
  // With the checkpoint's 34.39 billion parameters in place of 34.
  CHECK(users(gib, 2 * s.parameters(), kLong) == doctest::Approx(1.39).epsilon(0.005));
  CHECK(users(gib, 2 * s.parameters(), kShort) == doctest::Approx(17.4).epsilon(0.005));
}
