// What an infinite cache reuses of the Mooncake conversation trace, through run(): exactly what the trace allows.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "tests/support/data_files.hpp"
#include "tests/support/scenarios.hpp"
#include "tests/support/small_system.hpp"

using namespace tiersim;
using namespace tiersim::literals;
using namespace tiersim::tests;

namespace {

constexpr std::int64_t kBlock = 512;

/// Blocks of each request that lie in a prefix seen before. `computable`: of full blocks alone, and so that the last
/// prompt token is left to compute; else every id that the trace mentions.
std::vector<std::int64_t> best_possible(const traces::Trace& trace, bool computable) {
  std::vector<char> seen(trace.distinct_blocks());
  std::vector<std::int64_t> out;
  for (std::size_t r = 0; r < trace.size(); ++r) {
    const std::int64_t prompt = trace.prompt_tokens(RequestId(r));
    std::vector<std::uint32_t> blocks;
    for (const traces::Extent& e : trace.extents(RequestId(r)))
      for (std::uint32_t i = 0; i < e.count; ++i) blocks.push_back(e.first + i);
    if (computable) blocks.resize(static_cast<std::size_t>(prompt / kBlock));
    const auto unseen = std::find_if(blocks.begin(), blocks.end(), [&](std::uint32_t b) { return seen[b] == 0; });
    const std::int64_t prefix = unseen - blocks.begin();
    out.push_back(computable ? std::min(prefix, (prompt - 1) / kBlock) : prefix);
    for (std::uint32_t b : blocks) seen[b] = 1;
  }
  return out;
}

std::int64_t sum(const std::vector<std::int64_t>& values) {
  std::int64_t out = 0;
  for (std::int64_t v : values) out += v;
  return out;
}

/// Blocks found in HBM at each request's first admission.
std::vector<std::int64_t> reused(const ServingOutcome& out) {
  CHECK(out.finished);
  std::int64_t recomputed = 0;
  std::vector<std::int64_t> blocks;
  for (const RequestOutcome& r : out.requests) {
    blocks.push_back(r.first.tier[0] / kBlock);
    recomputed += r.first.recomputed;
  }
  CHECK(recomputed == 0);
  return blocks;
}

}  // namespace

TEST_CASE("does an infinite cache reuse of the Mooncake conversations exactly what they share?") {
  const std::string path = data_file("traces/mooncake/conversation_trace.jsonl");
  if (path.empty()) return;
  Diagnostics diagnostics;
  const traces::Trace trace = read_trace(path, "mooncake", diagnostics);
  REQUIRE(diagnostics.render() == "");
  CHECK(sum(best_possible(trace, false)) == 105'710);  // the published count of every id, the partial last ones too
  const std::vector<std::int64_t> expected = best_possible(trace, true);
  MESSAGE("reusable blocks: " << sum(expected) << " of 105710 repeated ids");

  ServingSettings settings = metronome_settings(20_ms, 400'000);  // more frames than blocks
  settings.block = Tokens(kBlock);
  CHECK(reused(outcome_of(settings, trace)) == expected);

  settings.hbm.blocks = 3'000;  // too few for all, but the reference keeps what nobody references
  const Result small = run(scenario_of(settings, trace));
  REQUIRE(small.references.size() == 1);
  CHECK(small.references[0].name == "infinite cache");
  CHECK(reused(small.references[0].outcome) == expected);
  CHECK(small.run.outcome.whole.evicted[0] > 0);
}
