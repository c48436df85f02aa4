// Every shipped model against what is published of it: parameters, KV bytes a token, active parameters.
#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "models/model_writer.hpp"
#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"
#include "tests/support/shipped.hpp"

using namespace tiersim;
using tests::shipped_model;

namespace {

const std::string kFolder = TIERSIM_SOURCE_DIR "/models";

models::ModelSpec read(const config::Value& value) {
  Diagnostics diagnostics;
  config::Fields fields(value, "the model", diagnostics);
  const models::ModelSpec model = models::read_model(fields);
  CHECK(diagnostics.render() == "");
  return model;
}

/// Published totals (of the checkpoint's tensors, but where a comment says otherwise; tied heads once), and KV bytes a
/// token in 16 bits: 2 * layers * kv_heads * head_dim * 2, or layers * (512 + 64) * 2 for latents.
struct Known {
  std::int64_t parameters, kv_per_token;
};
const std::map<std::string, Known> kExact{
    {"codellama-34b", {33'743'970'304, 48 * 4'096}},
    {"deepseek-v2-lite", {15'706'484'224, 27 * 1'152}},
    {"deepseek-v3", {671'026'419'200, 61 * 1'152}},  // without the module that predicts a second token
    {"falcon-40b", {41'303'293'952, 60 * 2'048}},
    {"falcon-7b", {6'921'720'704, 32 * 256}},
    {"gemma-2-27b", {27'227'128'320, 46 * 8'192}},
    {"gemma-2-9b", {9'241'705'984, 42 * 8'192}},
    // Gemma 3: whole checkpoints less a vision tower of 416,866,032, its norm of 1,152 and a projection of 1,152 rows.
    {"gemma-3-12b", {12'187'325'040 - 416'866'032 - 1'152 - 1'152 * 3'840, 48 * 8'192}},
    {"gemma-3-27b", {27'432'406'640 - 416'866'032 - 1'152 - 1'152 * 5'376, 62 * 8'192}},
    {"gemma-3-4b", {4'300'079'472 - 416'866'032 - 1'152 - 1'152 * 2'560, 34 * 4'096}},
    {"gpt-oss-120b", {116'829'156'672, 36 * 2'048}},
    {"gpt-oss-20b", {20'914'757'184, 24 * 2'048}},
    {"jamba-v0.1", {51'570'323'328, 4 * 4'096}},  // four of its layers have KV
    {"llama-2-13b", {13'015'864'320, 40 * 20'480}},
    {"llama-2-70b", {68'976'648'192, 80 * 4'096}},
    {"llama-2-7b", {6'738'415'616, 32 * 16'384}},
    {"llama-3-70b", {70'553'706'496, 80 * 4'096}},
    {"llama-3-8b", {8'030'261'248, 32 * 4'096}},
    {"llama-3.1-405b", {405'853'388'800, 126 * 4'096}},
    {"llama-3.1-70b", {70'553'706'496, 80 * 4'096}},
    {"llama-3.1-8b", {8'030'261'248, 32 * 4'096}},
    {"llama-3.2-1b", {1'235'814'400, 16 * 2'048}},
    {"llama-3.2-3b", {3'212'749'824, 28 * 4'096}},
    {"llama-3.3-70b", {70'553'706'496, 80 * 4'096}},
    // Llama 4: whole checkpoints less 871,932,416 of vision.
    {"llama-4-maverick", {401'583'781'376 - 871'932'416, 48 * 4'096}},
    {"llama-4-scout", {108'641'793'536 - 871'932'416, 48 * 4'096}},
    {"mistral-7b", {7'248'023'552, 32 * 4'096}},
    {"mistral-nemo-12b", {12'247'782'400, 40 * 4'096}},
    {"mixtral-8x22b", {140'620'634'112, 56 * 4'096}},
    {"mixtral-8x7b", {46'702'792'704, 32 * 4'096}},
    {"olmoe-1b-7b", {6'919'161'856, 16 * 8'192}},
    {"opt-13b", {12'853'473'280, 40 * 20'480}},
    {"opt-30b", {29'974'540'288, 48 * 28'672}},
    {"opt-6.7b", {6'658'473'984, 32 * 16'384}},
    {"phi-3-medium", {13'960'238'080, 40 * 5'120}},
    {"phi-3-mini", {3'821'079'552, 32 * 12'288}},
    {"phi-3.5-moe", {41'873'153'344, 32 * 4'096}},
    {"qwen1.5-moe-a2.7b", {14'315'784'192, 24 * 8'192}},
    {"qwen2.5-0.5b", {494'032'768, 24 * 512}},
    {"qwen2.5-14b", {14'770'033'664, 48 * 4'096}},
    {"qwen2.5-32b", {32'763'876'352, 64 * 4'096}},
    {"qwen2.5-72b", {72'706'203'648, 80 * 4'096}},
    {"qwen2.5-7b", {7'615'616'512, 28 * 2'048}},
    {"qwen3-0.6b", {596'049'920, 28 * 4'096}},
    {"qwen3-1.7b", {1'720'574'976, 28 * 4'096}},
    {"qwen3-14b", {14'768'307'200, 40 * 4'096}},
    {"qwen3-235b-a22b", {235'093'634'560, 94 * 2'048}},
    {"qwen3-30b-a3b", {30'532'122'624, 48 * 2'048}},
    {"qwen3-32b", {32'762'123'264, 64 * 4'096}},
    {"qwen3-4b", {4'022'468'096, 36 * 4'096}},
    {"qwen3-8b", {8'190'735'360, 36 * 4'096}},
    {"yi-34b", {34'388'917'248, 60 * 4'096}},
};
/// Papers give these to three digits.
const std::map<std::string, Known> kRounded{
    {"opt-175b", {175'000'000'000, 96 * 49'152}},
    {"opt-66b", {66'000'000'000, 64 * 36'864}},
    {"switch-c-2048", {1'571'000'000'000, 30 * 8'192}},
};

/// Parameters that a token passes, in billions, from model cards and papers.
struct Active {
  const char* name;
  double billions;
  bool with_embedding;  ///< some count the embedding that a token is looked up in, some do not
};
constexpr Active kActive[] = {
    {"mixtral-8x7b", 12.9, true},  {"mixtral-8x22b", 39, true},    {"deepseek-v3", 37, true},
    {"qwen3-235b-a22b", 22, true}, {"qwen3-30b-a3b", 3.3, true},   {"qwen1.5-moe-a2.7b", 2.7, true},
    {"olmoe-1b-7b", 1.3, true},    {"phi-3.5-moe", 6.6, true},     {"jamba-v0.1", 12, true},
    {"llama-4-scout", 17, true},   {"llama-4-maverick", 17, true}, {"deepseek-v2-lite", 2.4, false},
    {"gpt-oss-20b", 3.61, false},  {"gpt-oss-120b", 5.13, false},
};

}  // namespace

TEST_CASE("does every shipped model have its published parameters and KV bytes per token?") {
  const std::vector<std::string> names = config::names_in(kFolder);
  CHECK(names.size() == kExact.size() + kRounded.size());
  for (const std::string& name : names) {
    CAPTURE(name);
    const models::ModelSpec model = shipped_model(name);
    CHECK(model.name == name);
    const bool rounded = kRounded.count(name) == 1;
    REQUIRE((rounded || kExact.count(name) == 1));
    const Known known = rounded ? kRounded.at(name) : kExact.at(name);
    const double off = static_cast<double>(model.parameters()) / static_cast<double>(known.parameters) - 1;
    CHECK(std::abs(off) <= (rounded ? 0.01 : 0));
    CHECK(model.kv_per_token() == Bytes(known.kv_per_token));
  }
}

TEST_CASE("does a token pass the published number of parameters?") {
  for (const Active& active : kActive) {
    CAPTURE(active.name);
    const models::ModelSpec model = shipped_model(active.name);
    const std::int64_t embedding = active.with_embedding ? 0 : model.vocabulary * model.hidden;
    const double billions = static_cast<double>(model.active_parameters() - embedding) * 1e-9;
    CHECK(billions == doctest::Approx(active.billions).epsilon(0.025));
  }
}

TEST_CASE("is a dense model active as a whole?") {
  CHECK(shipped_model("opt-13b").active_parameters() == shipped_model("opt-13b").parameters());
}

TEST_CASE("do models of mixed types have the size of their published checkpoints?") {
  // gpt-oss: 12.8 and 60.8 GiB (model card). DeepSeek-V3: a byte a weight and 4 for 16,384 of them.
  constexpr double kGiB = 1024.0 * 1024 * 1024;
  const auto gib = [&](const char* name) {
    return static_cast<double>(shipped_model(name).weights_per_rank(1).value()) / kGiB;
  };
  CHECK(gib("gpt-oss-20b") == doctest::Approx(12.8).epsilon(0.005));
  CHECK(gib("gpt-oss-120b") == doctest::Approx(60.8).epsilon(0.005));
  CHECK(shipped_model("deepseek-v3").weights_per_rank(1) == Bytes(671'026'419'200 + 671'026'419'200 / 4'096));
  CHECK(shipped_model("llama-3.1-8b").weights_per_rank(1) == Bytes(2 * 8'030'261'248));
}

TEST_CASE("does every shipped model survive being written and read again?") {
  for (const std::string& name : config::names_in(kFolder)) {
    CAPTURE(name);
    const models::ModelSpec model = shipped_model(name);
    Diagnostics diagnostics;
    const std::string text = config::to_yaml(models::to_value(model));
    const models::ModelSpec again = read(config::parse_yaml(text, "written", diagnostics));
    CHECK(diagnostics.render() == "");
    CHECK(config::to_yaml(models::to_value(again)) == text);
    CHECK(again.parameters() == model.parameters());
    CHECK(again.weights_per_rank(1) == model.weights_per_rank(1));
    CHECK(again.kv_of_sequence(Tokens(20'000)) == model.kv_of_sequence(Tokens(20'000)));
  }
}
