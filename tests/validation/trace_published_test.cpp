// The readers against the published traces and the reference counts on them; skipped where they are absent.
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <list>
#include <set>
#include <string>
#include <vector>

#include "tests/support/data_files.hpp"
#include "tests/support/trace_files.hpp"
#include "traces/summary.hpp"
#include "traces/validate.hpp"

using namespace tiersim;
using namespace tiersim::traces;
using namespace tiersim::tests;

namespace {

Trace good(const std::string& path, std::string_view format) {
  Diagnostics diagnostics;
  Trace trace = read_trace(path, format, diagnostics);
  CHECK(diagnostics.render() == "");
  CHECK(validate(trace).empty());
  return trace;
}

}  // namespace

TEST_CASE("is the Mooncake conversation trace read as published?") {
  const std::string path = data_file("traces/mooncake/conversation_trace.jsonl");
  if (path.empty()) return;
  const TraceSummary s = summarise(good(path, "mooncake"));
  CHECK(s.requests == 12'031);
  CHECK(s.block_references == 288'500);
  CHECK(s.distinct_blocks == 182'790);
  CHECK(s.prompt_tokens.total == 144'793'823);
  CHECK(s.reused_references == 105'710);
  CHECK(s.span == Duration(3'536'999'000'000));
}

TEST_CASE("are the Azure traces read as published?") {
  const std::string conversation = data_file("traces/azure/AzureLLMInferenceTrace_conv.csv");
  const std::string code = data_file("traces/azure/AzureLLMInferenceTrace_code.csv");
  if (conversation.empty() || code.empty()) return;
  const TraceSummary a = summarise(good(conversation, "azure"));
  CHECK(a.requests == 19'366);
  CHECK(a.prompt_tokens.mean == doctest::Approx(1154.70).epsilon(1e-5));
  CHECK(a.output_tokens.mean == doctest::Approx(211.13).epsilon(1e-4));
  CHECK(a.prompt_tokens.p50 == 1020);
  CHECK(a.prompt_tokens.max == 14'050);
  CHECK(a.output_tokens.p50 == 129);
  const TraceSummary b = summarise(good(code, "azure"));
  CHECK(b.requests == 8'819);
  CHECK(b.prompt_tokens.mean == doctest::Approx(2047.85).epsilon(1e-5));
  CHECK(b.output_tokens.mean == doctest::Approx(27.88).epsilon(1e-4));
}

TEST_CASE("is the token trace of the measured runs read as described?") {
  const std::string path = data_file("measured/serving/sharegpt-llama-3.1-8b-300-sps10.jsonl");
  if (path.empty()) return;
  const Trace trace = good(path, "tokens");
  CHECK(trace.size() == 300);
  CHECK(trace.arrival(RequestId(0)) == Time(46'926'808));
  CHECK(trace.prompt_tokens(RequestId(0)) == 2358);
  CHECK(trace.identified_tokens(RequestId(0)) == (2358 + 531) / 16 * 16);
}
