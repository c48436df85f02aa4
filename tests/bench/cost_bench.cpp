// What the time of one engine step costs: a decode batch of a size already seen, whose contexts alone have changed, and
// a batch of a shape never seen. From the datasheet, and from a profile of fitted laws; of a dense model and of
// experts.
#include <benchmark/benchmark.h>

#include <memory>

#include "sim/cost/cost_model.hpp"
#include "tests/support/shipped.hpp"

namespace {

using namespace tiersim;

struct Setting {
  models::ModelSpec model;
  hw::MachineSpec machine = tests::shipped_machine("h200x1");
  calib::Profile profile;
  Setting(const char* model_name, const char* profile_name)
      : model(tests::shipped_model(model_name)), profile(tests::shipped_profile(profile_name)) {}
  [[nodiscard]] CostModel cost() const { return {model, machine, profile, {}}; }
};

/// `sequences` that decode after 2,000 tokens each, and `later` more in all.
Batch decodes(const CostModel& cost, std::int64_t sequences, std::int64_t later) {
  Batch batch = cost.empty_batch();
  batch.decodes = batch.sampled = sequences;
  batch.decode_context = Tokens(sequences * 2'000 + later);
  batch.window_decode_context = Tokens(sequences * batch.window.value());
  return batch;
}

void step_seen(benchmark::State& state, const char* model, const char* profile) {
  CostModel cost = Setting(model, profile).cost();
  static_cast<void>(cost.step(decodes(cost, 64, 0)));
  std::int64_t later = 0;
  for (auto _ : state) benchmark::DoNotOptimize(cost.step(decodes(cost, 64, later = (later + 64) & 0xfffff)));
}

/// Decodes beside a chunk, of 1 to 8,192 tokens in turn; a cost model that has seen them all is thrown away.
void step_cold(benchmark::State& state, const char* model, const char* profile) {
  const Setting setting(model, profile);
  auto cost = std::make_unique<CostModel>(setting.cost());
  std::int64_t tokens = 0;
  for (auto _ : state) {
    if (++tokens > 8'192) {
      state.PauseTiming();
      cost = std::make_unique<CostModel>(setting.cost());
      tokens = 1;
      state.ResumeTiming();
    }
    Batch batch = decodes(*cost, 64, 0);
    batch.add_chunk(Tokens(tokens), Tokens(512));
    benchmark::DoNotOptimize(cost->step(batch));
  }
}

#define TIERSIM_STEPS(name, model, profile)           \
  BENCHMARK_CAPTURE(step_seen, name, model, profile); \
  BENCHMARK_CAPTURE(step_cold, name, model, profile)

TIERSIM_STEPS(datasheet_llama, "llama-3.1-8b", "datasheet");
TIERSIM_STEPS(datasheet_experts, "qwen3-30b-a3b", "datasheet");
TIERSIM_STEPS(laws_llama, "llama-3.1-8b", "h200-vllm-0.24");
TIERSIM_STEPS(laws_experts, "qwen3-30b-a3b", "h200-vllm-0.24");

}  // namespace
