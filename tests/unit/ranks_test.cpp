// Replicas spread over GPUs: who holds which layers, experts and bytes, and what cannot be split.
#include "models/ranks.hpp"

#include <doctest/doctest.h>

#include <numeric>

#include "models/model_spec.hpp"
#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"

using namespace tiersim;
using models::Ranks;

namespace {

models::ModelSpec shipped(const std::string& name) {
  Diagnostics diagnostics;
  const config::Value value = config::load_yaml(config::path_in(TIERSIM_SOURCE_DIR "/models", name), diagnostics);
  config::Fields fields(value, "the model", diagnostics);
  models::ModelSpec model = models::read_model(fields);
  REQUIRE(diagnostics.render() == "");
  return model;
}

std::vector<std::int64_t> layers_by_stage(const models::ModelSpec& model, std::int64_t stages) {
  std::vector<std::int64_t> out;
  for (std::int64_t stage = 0; stage < stages; ++stage) {
    std::int64_t layers = 0;
    for (const models::LayerGroup& g : models::layers_of_stage(model, {.pipeline = stages}, stage)) layers += g.layers;
    out.push_back(layers);
  }
  return out;
}

Bytes sum_over_stages(std::int64_t stages, const auto& of_stage) {
  Bytes sum;
  for (std::int64_t stage = 0; stage < stages; ++stage) sum += of_stage(stage);
  return sum;
}

}  // namespace

TEST_CASE("are layers divided evenly, one more in each of the first stages?") {
  const models::ModelSpec model = shipped("llama-3.1-8b");  // 32 layers
  CHECK(layers_by_stage(model, 1) == std::vector<std::int64_t>{32});
  CHECK(layers_by_stage(model, 4) == std::vector<std::int64_t>{8, 8, 8, 8});
  CHECK(layers_by_stage(model, 5) == std::vector<std::int64_t>{7, 7, 6, 6, 6});
}

TEST_CASE("is every kind of layer spread over all stages?") {
  const models::ModelSpec model = shipped("gemma-3-4b");  // 29 layers with a window, 5 without
  CHECK(layers_by_stage(model, 2) == std::vector<std::int64_t>{17, 17});
  std::vector<std::int64_t> whole;
  for (std::int64_t stage = 0; stage < 5; ++stage)
    for (const models::LayerGroup& g : models::layers_of_stage(model, {.pipeline = 5}, stage))
      if (g.attention.window == Tokens(0)) whole.push_back(g.layers);
  CHECK(whole == std::vector<std::int64_t>{1, 1, 1, 1, 1});
}

TEST_CASE("do the stages together hold the model's weights and KV, tied embeddings at both ends?") {
  for (const std::string name : {"llama-3.1-8b", "mixtral-8x7b", "gemma-3-4b"}) {
    CAPTURE(name);
    const models::ModelSpec model = shipped(name);
    const Ranks ranks{.tensor = 2, .pipeline = 3};
    const Bytes weights = sum_over_stages(3, [&](std::int64_t stage) { return model.weights_per_gpu(ranks, stage); });
    const Bytes twice = model.tied_embeddings ? Bytes(model.vocabulary / 2 * model.hidden * 2) : Bytes(0);
    CHECK(weights == model.weights_per_rank(2) + twice);
    const Bytes kv = sum_over_stages(3, [&](std::int64_t stage) { return model.kv_per_token_per_gpu(ranks, stage); });
    CHECK(kv == model.kv_per_token_per_rank(2));
  }
}

TEST_CASE("do expert ranks hold whole experts in place of a slice of each?") {
  const models::ModelSpec even = shipped("mixtral-8x7b");  // 8 experts
  CHECK(even.weights_per_gpu({.tensor = 4, .expert = 4}, 0) == even.weights_per_rank(4));
  // 60 experts over 8 ranks: the fullest holds 8, half an expert more than its even share, in 24 layers.
  const models::ModelSpec odd = shipped("qwen1.5-moe-a2.7b");
  const std::int64_t expert = 3 * 2048 * 1408;
  CHECK(odd.weights_per_gpu({.tensor = 8, .expert = 8}, 0) == odd.weights_per_rank(8) + Bytes(24 * expert));
}

TEST_CASE("is what ranks cannot share named with its number?") {
  using Words = std::vector<std::string>;
  const models::ModelSpec qwen = shipped("qwen2.5-7b");  // 28 query heads, 4 KV heads, 18944 wide
  CHECK(models::undivided_by_tensor(qwen, {.tensor = 2}).empty());
  CHECK(models::undivided_by_tensor(qwen, {.tensor = 8}) == Words{"28 query heads"});
  CHECK(models::undivided_by_tensor(qwen, {.tensor = 7}) == Words{"4 KV heads", "18944 intermediate elements"});
  CHECK(models::undivided_by_expert(shipped("qwen1.5-moe-a2.7b"), {.tensor = 8, .expert = 8}) == Words{"60 experts"});
  CHECK_FALSE(models::can_split(qwen, {.pipeline = 29}));
  CHECK(models::can_split(qwen, {.tensor = 4, .pipeline = 28}));
  CHECK_FALSE(models::has_experts(qwen));
}
