// The memory map against a measured engine: vLLM 0.19 with Llama-3.1-8B on an RTX 4090 at 0.9 had 2,588 KV blocks of 16
// tokens (measured/serving/rtx4090-llama-3.1-8b/meta.json of the data folder; casys-kaist/LLMServingSim).
#include <doctest/doctest.h>

#include "tests/support/scenarios.hpp"

using namespace tiersim;
using namespace tiersim::tests;

TEST_CASE("does the memory map predict the KV blocks of the measured RTX 4090 run within 5%?") {
  ScenarioText text(R"(model: llama-3.1-8b
machine: workstation-rtx4090
serving: {max_batched_tokens: 2048, max_sequences: 256, block: 16 tokens}
hierarchy: [{tier: hbm, utilisation: 0.9}]
workload: {generate: {chat: {requests: 1}}}
)");
  const MemoryMap map = text.resolve().memory;
  REQUIRE(text.diagnostics().render() == "");
  MESSAGE("predicted " << map.blocks << " blocks, measured 2588");
  CHECK(static_cast<double>(map.blocks) == doctest::Approx(2588).epsilon(0.05));
}
