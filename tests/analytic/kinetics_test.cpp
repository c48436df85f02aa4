// Kinetics (Sadhukhan et al., "Kinetics: Rethinking Test-Time Scaling Laws", 2025) counts eFLOPs: FLOPs, and bytes at
// 562.5 FLOPs each, of N trials that generate G tokens after a prompt of C, with sums over tokens as integrals. An
// integral is the mean of the sums over contexts C .. C+G-1 and C+1 .. C+G, so our operators must give the same
// exactly.
#include <doctest/doctest.h>

#include "sim/cost/operators.hpp"
#include "tests/support/shipped.hpp"

using namespace tiersim;

namespace {

constexpr double kFlopsPerByte = 562.5;

struct Work {
  double flops = 0, kv_bytes = 0;
};

/// Decode attention of one sequence at every context in (from, to], over at most `window` tokens.
Work attended(const models::ModelSpec& model, std::int64_t from, std::int64_t to) {
  StepOperators operators(model, {});
  Work sum;
  for (std::int64_t context = from + 1; context <= to; ++context) {
    Batch batch;
    batch.window = model.window();
    batch.decodes = 1;
    batch.decode_context = Tokens(context);
    batch.window_decode_context = std::min(Tokens(context), batch.window);
    Operators out;
    operators.attention(batch, out);
    for (const Operator& op : out) {
      sum.flops += op.flops.value() * static_cast<double>(op.repeats);
      const double queries_and_outputs = 2.0 * static_cast<double>(op.heads * op.k) * 2;
      sum.kv_bytes += (op.bytes - queries_and_outputs) * static_cast<double>(op.repeats);
    }
  }
  return sum;
}

Work integral(const models::ModelSpec& model, std::int64_t prompt, std::int64_t generated) {
  const Work below = attended(model, prompt - 1, prompt + generated - 1);
  const Work above = attended(model, prompt, prompt + generated);
  return {(below.flops + above.flops) / 2, (below.kv_bytes + above.kv_bytes) / 2};
}

struct Shape {
  const char* name;
  double parameters;             // as Kinetics counts them
  double query_width, kv_width;  // heads x head size, of all layers
};
const Shape kShapes[] = {{"qwen3-0.6b", 0.752e9, 16 * 128 * 28, 8 * 128 * 28},
                         {"qwen3-8b", 8.19e9, 32 * 128 * 36, 8 * 128 * 36},
                         {"qwen3-32b", 32.76e9, 64 * 128 * 64, 8 * 128 * 64}};

}  // namespace

TEST_CASE("are Kinetics' eFLOPs of dense attention those of our operators?") {
  for (const Shape& shape : kShapes) {
    CAPTURE(shape.name);
    const models::ModelSpec model = tests::shipped_model(shape.name);
    const double c = 300, g = 500;
    const Work ours = integral(model, 300, 500);
    CHECK(ours.flops == 2 * (2 * c + g) * g * shape.query_width);
    CHECK(kFlopsPerByte * ours.kv_bytes == kFlopsPerByte * 2 * (2 * c + g) * g * shape.kv_width);
    // Trials read the prompt once: what each generates is the KV of G / 2 tokens, in the mean, more.
    const double trials = 8, kv = static_cast<double>(model.kv_per_token().value());
    CHECK(ours.kv_bytes + (trials - 1) * kv * g * g / 2 == 2 * (2 * c + g * trials) * g * shape.kv_width);
  }
}

TEST_CASE("are Kinetics' eFLOPs of a budget of attended tokens those of a window?") {
  for (const std::int64_t budget : {100, 300, 450}) {
    CAPTURE(budget);
    models::ModelSpec model = tests::shipped_model("qwen3-8b");
    model.groups = model.layer_groups();
    for (models::LayerGroup& group : model.groups) group.attention.window = Tokens(budget);
    const Work ours = integral(model, 300, 500);
    const double b = static_cast<double>(budget), beyond = std::max(0.0, b - 300);
    const double attended_tokens = b * 500 - beyond * beyond / 2;
    CHECK(ours.flops == 4 * attended_tokens * kShapes[1].query_width);
    CHECK(ours.kv_bytes == 4 * attended_tokens * kShapes[1].kv_width);
  }
}

TEST_CASE("are the parameters that Kinetics counts those of our models, to the digits that it gives?") {
  for (const Shape& shape : kShapes) {
    CAPTURE(shape.name);
    const double tied = shape.parameters < 1e9 ? 151'936.0 * 1'024 : 0;  // it counts the 0.6 B's head beside its twin
    const double ours = static_cast<double>(tests::shipped_model(shape.name).parameters()) + tied;
    CHECK(ours == doctest::Approx(shape.parameters).epsilon(1e-3));
  }
}
