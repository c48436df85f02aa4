// The short form of a model: parameters, bytes, ranks, and what a wrong shape is told. What is shipped:
// model_library_test.cpp; layer groups: model_groups_test.cpp.
#include "models/model_spec.hpp"

#include <doctest/doctest.h>

#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"

using namespace tiersim;

namespace {

const std::string kFolder = TIERSIM_SOURCE_DIR "/models";

models::ModelSpec read(const config::Value& value, config::Value* resolved = nullptr) {
  Diagnostics diagnostics;
  config::Fields fields(value, "the model", diagnostics);
  const models::ModelSpec model = models::read_model(fields);
  CHECK(diagnostics.render() == "");
  if (resolved != nullptr) *resolved = fields.resolved();
  return model;
}

models::ModelSpec shipped(const std::string& name) {
  Diagnostics diagnostics;
  const config::Value value = config::load_yaml(config::path_in(kFolder, name), diagnostics);
  REQUIRE(diagnostics.render() == "");
  return read(value);
}

std::string problems(const std::string& yaml) {
  Diagnostics diagnostics;
  const config::Value value = config::parse_yaml(yaml, "test", diagnostics);
  config::Fields fields(value, "model 'm'", diagnostics);
  static_cast<void>(models::read_model(fields));
  return diagnostics.render();
}

}  // namespace

TEST_CASE("ranks divide matrices and heads but not norms") {
  const models::ModelSpec model = shipped("llama-3.1-70b");
  const std::int64_t norms = (2 * 80 + 1) * 8192;
  CHECK(model.weights_per_rank(4) == Bytes(2 * ((model.parameters() - norms) / 4 + norms)));
  CHECK(model.kv_per_token_per_rank(4) == Bytes(327'680 / 4));
}

TEST_CASE("key and value heads are replicated where there are more ranks than heads") {
  const models::ModelSpec model = shipped("llama-3.1-70b");  // 8 heads
  CHECK(model.kv_per_token_per_rank(8) == model.kv_per_token_per_rank(16));
}

TEST_CASE("fractional bytes per element give whole bytes per token") {
  models::ModelSpec model = shipped("llama-3.1-8b");
  model.kv_bytes = 0.5625;  // 4 bits and a scale of 2 bytes for 32 elements
  CHECK(model.kv_per_token() == Bytes(36'864));
}

TEST_CASE("tied embeddings are counted once") {
  models::ModelSpec model = shipped("llama-3.1-8b");
  model.tied_embeddings = true;
  CHECK(model.parameters() == 8'030'261'248 - 128'256 * 4'096);
}

TEST_CASE("a resolved model reads back to the same model") {
  Diagnostics diagnostics;
  config::Value first, second;
  read(config::load_yaml(config::path_in(kFolder, "qwen2.5-7b"), diagnostics), &first);
  const std::string text = config::to_yaml(first);
  read(config::parse_yaml(text, "resolved", diagnostics), &second);
  CHECK(config::to_yaml(second) == text);
}

TEST_CASE("a model with a wrong shape says which") {
  const std::string shape =
      "{name: m, layers: 2, hidden: 64, query_heads: 6, kv_heads: 4, head_dim: 16, intermediate: 128, "
      "vocabulary: 1000, max_context: 100 tokens}";
  CHECK(problems(shape).find("6 query heads in model 'm' cannot be shared by 4 key and value heads") !=
        std::string::npos);
  CHECK(problems("{name: m, layers: 0}").find("out of range") != std::string::npos);
  CHECK(problems("{name: m, layres: 2}").find("did you mean 'layers'?") != std::string::npos);
}
