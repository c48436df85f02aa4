// A served workload against its measurement: 300 ShareGPT requests at 10 a second on vLLM 0.19 with Llama-3.1-8B on an
// RTX 4090 (casys-kaist/LLMServingSim). The requests arrive when the server queued them, and the engine has the blocks
// that it had. What is held here is a loose bound on the datasheet profile; a measured one must do better.
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <fstream>

#include "tests/support/data_files.hpp"
#include "tests/support/scenarios.hpp"
#include "traces/trace_builder.hpp"

using namespace tiersim;
using namespace tiersim::tests;

namespace {

const std::string kTrace = "measured/serving/sharegpt-llama-3.1-8b-300-sps10.jsonl";
const std::string kMeasured = "measured/serving/rtx4090-llama-3.1-8b/requests.jsonl";

struct Times {
  double queued = 0, first = 0, last = 0;  ///< seconds
  double output = 0;                       ///< tokens
};

struct Means {
  double ttft = 0, tpot = 0, end_to_end = 0;  ///< seconds
};

Means means_of(const std::vector<Times>& requests) {
  Means m;
  double several = 0;
  for (const Times& t : requests) {
    m.ttft += t.first - t.queued;
    m.end_to_end += t.last - t.queued;
    if (t.output > 1) m.tpot += (t.last - t.first) / (t.output - 1), ++several;
  }
  const auto n = static_cast<double>(requests.size());
  return {m.ttft / n, m.tpot / several, m.end_to_end / n};
}

std::vector<Times> measured(const std::string& path) {
  std::vector<Times> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const auto r = nlohmann::json::parse(line);
    out.push_back({r["queued_ts"], r["first_token_ts"], r["last_token_ts"], r["output_toks"]});
  }
  return out;
}

/// The trace with other arrivals.
traces::Trace arriving(const traces::Trace& trace, const std::vector<Times>& times) {
  traces::TraceBuilder builder;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    const RequestId r(i);
    for (const traces::Extent& extent : trace.extents(r)) builder.add_extent(extent);
    const double seconds = times[i].queued - times[0].queued;
    builder.add_request({.arrival = static_cast<std::int64_t>(seconds * 1e9),
                         .prompt_tokens = trace.prompt_tokens(r),
                         .output_tokens = trace.output_tokens(r),
                         .identified_tokens = trace.identified_tokens(r)});
  }
  return std::move(builder).finish(trace.block_tokens(), trace.distinct_blocks(), trace.origin());
}

std::vector<Times> simulated(const ServingOutcome& outcome) {
  const auto seconds = [](Time t) { return static_cast<double>(t.value()) * 1e-9; };
  std::vector<Times> out;
  for (const RequestOutcome& r : outcome.requests)
    out.push_back({seconds(r.arrival), seconds(r.first_token), seconds(r.last_token), static_cast<double>(r.output)});
  return out;
}

}  // namespace

TEST_CASE("does a datasheet profile come near the measured RTX 4090 run?") {
  if (data_file(kTrace).empty() || data_file(kMeasured).empty()) return;
  ScenarioText text(
      "model: llama-3.1-8b\nmachine: workstation-rtx4090\n"
      "serving: {max_batched_tokens: 2048, max_sequences: 256, block: 16 tokens}\n"
      "hierarchy: [{tier: hbm, blocks: 2588}]\n"
      "workload: {requests: {trace: " +
      kTrace + ", format: tokens}}\n");
  Diagnostics diagnostics;
  ResolvedScenario scenario = text.resolve(load_scenario(text.path(), {}, diagnostics), data_folder());
  REQUIRE(text.diagnostics().render() == "");
  const std::vector<Times> reference = measured(data_file(kMeasured));
  REQUIRE(reference.size() == scenario.trace.size());
  scenario.trace = arriving(scenario.trace, reference);

  const ServingOutcome outcome = outcome_of(scenario);
  const Means real = means_of(reference), ours = means_of(simulated(outcome));
  const auto check = [](const std::string& what, double found, double expected) {
    MESSAGE(what << ": " << found << " s, measured " << expected << " s: " << 100 * (found / expected - 1) << "%");
    CHECK(found == doctest::Approx(expected).epsilon(0.4));
  };
  check("mean TTFT", ours.ttft, real.ttft);
  check("mean TPOT", ours.tpot, real.tpot);
  check("mean end to end", ours.end_to_end, real.end_to_end);
  MESSAGE(outcome.whole.preemptions << " preemptions, " << outcome.whole.steps << " steps");
}
