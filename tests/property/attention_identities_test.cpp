// What must hold of errors and bytes under any method that drops tokens.
#include <doctest/doctest.h>

#include <cmath>

#include "sim/attention/layer_replay.hpp"
#include "sim/attention/replay.hpp"
#include "tests/support/attention_recordings.hpp"
#include "tests/support/policies.hpp"

using namespace tiersim;
using namespace tiersim::tests;

namespace {

AttentionRun run_of(std::string_view method, std::int64_t budget) {
  return {{std::string(method), default_parameters<AttentionMethod>(method)}, budget, 1};
}

AttentionResult replayed(const traces::AttentionSource& source, std::string_view method, std::int64_t budget) {
  const AttentionRun run = run_of(method, budget);
  return replay_attention(source, {&run, 1}, 1)[0];
}

/// Follows a method and recomputes each step's measures from the full rows in double precision.
class Checker final : public LayerMethod {
 public:
  Checker(LayerMethod& inner, const traces::AttentionShape& shape, const traces::AttentionLayer& layer,
          std::span<const HeadWeights> weights)
      : inner_(inner), shape_(shape), layer_(layer), weights_(weights) {}

  void on_prompt(const PromptView& prompt, CacheEditor& cache) override { inner_.on_prompt(prompt, cache); }
  void on_step(const StepView& step, CacheEditor& cache) override {
    for (std::int64_t h = 0; h < shape_.heads; ++h) check(h, step, cache.slots(cache.set_of(h)));
    inner_.on_step(step, cache);
  }
  std::vector<double> recall, output_error;  // [steps][heads]

 private:
  void check(std::int64_t h, const StepView& step, std::span<const Position> slots) {
    const auto full = weights_[static_cast<std::size_t>(h)].row(shape_.window + step.step);
    std::vector<double> restricted(full.size());
    double m = 0, l1 = 0;
    for (Position p : slots) m += static_cast<double>(full[p]);
    for (Position p : slots) restricted[p] = static_cast<double>(full[p]) / m;
    for (std::size_t k = 0; k < full.size(); ++k) l1 += std::abs(static_cast<double>(full[k]) - restricted[k]);
    CHECK(l1 == doctest::Approx(2 * (1 - m)).epsilon(1e-5));
    for (std::size_t i = 0; i < slots.size(); ++i)
      CHECK(static_cast<double>(step.weights[static_cast<std::size_t>(h)][i]) ==
            doctest::Approx(restricted[slots[i]]).epsilon(1e-5));
    // The output is off by (1 - m) (mean value of what went - mean value of what is held), weighted.
    double off = 0, whole = 0;
    for (std::int64_t c = 0; c < shape_.head_size; ++c) {
      const auto value = [&](std::size_t k) {
        return static_cast<double>(layer_.v[static_cast<std::size_t>(
            (h / shape_.group() * shape_.tokens() + static_cast<std::int64_t>(k)) * shape_.head_size + c)]);
      };
      double held = 0, gone = 0, all = 0;
      for (std::size_t k = 0; k < full.size(); ++k) {
        all += static_cast<double>(full[k]) * value(k);
        (restricted[k] > 0 ? held : gone) += static_cast<double>(full[k]) * value(k);
      }
      const double exact = m < 1 - 1e-9 ? (1 - m) * (gone / (1 - m) - held / m) : 0;
      off += exact * exact;
      whole += all * all;
    }
    recall.push_back(m);
    output_error.push_back(std::sqrt(off / whole));
  }

  LayerMethod& inner_;
  const traces::AttentionShape& shape_;
  const traces::AttentionLayer& layer_;
  std::span<const HeadWeights> weights_;
};

}  // namespace

TEST_CASE("do recall, L1 distance and output error obey their identities, for every method and budget?") {
  const traces::AttentionShape shape = small_attention();
  const RecordingInMemory source = random_recording(5, shape);
  const traces::AttentionLayer layer = source.load(0);
  const std::vector<HeadWeights> weights = weights_of(shape, layer);
  for (const std::string_view name : Registry<AttentionMethod>::instance().names()) {
    for (const std::int64_t budget : {1, 8, 20, 60}) {
      CAPTURE(name);
      CAPTURE(budget);
      const auto method = Registry<AttentionMethod>::instance().make(
          name, {shape, budget, default_parameters<AttentionMethod>(name), 1});
      const auto inner = method->layer(0);
      Checker checker(*inner, shape, layer, weights);
      const auto result = replay_attention(source, std::vector{run_of(name, budget)}, 1)[0];
      static_cast<void>(LayerReplay(shape, layer, weights, {}).run(checker, method->scope()));
      for (std::int64_t h = 0; h < shape.heads; ++h)
        for (std::int64_t s = 0; s < shape.steps; ++s) {
          const auto mine = static_cast<std::size_t>(s * shape.heads + h),
                     its = static_cast<std::size_t>(h * shape.steps + s);
          CHECK(static_cast<double>(result.recall[its]) == doctest::Approx(checker.recall[mine]).epsilon(1e-5));
          CHECK(std::abs(static_cast<double>(result.output_error[its]) - checker.output_error[mine]) < 2e-5);
        }
    }
  }
}

TEST_CASE("has the full cache recall 1 and error 0, and takes exactly its bytes?") {
  const traces::AttentionShape shape = small_attention();
  const AttentionResult full = replayed(random_recording(2, shape), "full", 0);
  CHECK(full.least_recall() == doctest::Approx(1).epsilon(1e-6));
  CHECK(full.mean_output_error() < 1e-5);
  Bytes sum{0};
  for (const Bytes b : full.at_end) sum += b;
  CHECK(sum == full.full);
  CHECK(full.full == Bytes(3 * 2 * 52 * 2 * 8 * 2));
}

TEST_CASE("is the oracle's mean recall never beaten at its budget, and never lowered by a larger one?") {
  const traces::AttentionShape shape = small_attention();
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    CAPTURE(seed);
    const RecordingInMemory source = random_recording(seed, shape);
    double before = 0;
    for (const std::int64_t budget : {0, 1, 5, 12, 25, 40}) {
      CAPTURE(budget);
      const double best = replayed(source, "oracle", budget).mean_recall();
      CHECK(best >= before - 1e-6);
      before = best;
      for (const std::string_view name : {"random", "snapkv", "h2o", "tova", "streaming_llm", "sliding_window"}) {
        CAPTURE(name);
        CHECK(replayed(source, name, budget).mean_recall() <= best + 1e-6);
      }
    }
  }
}

TEST_CASE("does the number of threads change nothing?") {
  const RecordingInMemory source = random_recording(9, small_attention());
  const std::vector<AttentionRun> runs{run_of("h2o", 10), run_of("snapkv", 16), run_of("random", 7)};
  const auto one = replay_attention(source, runs, 1), three = replay_attention(source, runs, 3);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    CHECK(one[i].recall == three[i].recall);
    CHECK(one[i].output_error == three[i].output_error);
    CHECK(one[i].peak == three[i].peak);
  }
}
