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
#include "traces/repeat.hpp"
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
  CHECK(s.arrivals.span == Duration(3'536'999'000'000));
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

TEST_CASE("are the coding-agent sessions read as published, and is the benchmark's part of them the one agreed on?") {
  const std::string path = data_file("traces/kv-cache-tester/traces.tar.zst");
  if (path.empty()) return;
  Diagnostics diagnostics;
  const Trace trace = read_trace(path, "kv-cache-tester", diagnostics);
  CHECK(diagnostics.render() == path + ": warning: answers of 0 tokens count as 1 (27 of them)\n");
  CHECK(validate(trace).empty());
  const TraceSummary all = summarise(trace);
  CHECK(all.requests == 49'334);
  CHECK(all.block_references == 94'310'647);
  CHECK(all.distinct_blocks == 3'450'959);
  CHECK(all.prompt_tokens.total == 6'037'445'403);
  CHECK(all.output_tokens.total == 21'709'920 + 27);
  CHECK(all.sessions.sessions == 710);
  CHECK(all.sessions.branches == 62);
  CHECK(all.prefixes);
  const TraceSummary part = summarise(first_requests(trace, requests_within(trace, 20'000'000)));
  CHECK(part.requests == 8'716);
  CHECK(part.block_references == 19'996'542);
  CHECK(part.distinct_blocks == 921'831);
}

TEST_CASE("are both readings of RAGPulse as its tables say, two weeks of it?") {
  const std::string path = data_file("traces/ragpulse/0_trace.jsonl");
  if (path.empty()) return;
  Diagnostics diagnostics;
  const TraceSummary prefixes = summarise(read_trace(path, "ragpulse", diagnostics));
  const TraceSummary chunks = summarise(read_trace(path, "ragpulse-chunks", diagnostics));
  const std::string warning = path + ": warning: times that go back begin another week (1 of them)\n";
  CHECK(diagnostics.render() == warning + warning);
  for (const TraceSummary& s : {prefixes, chunks}) {
    CHECK(s.requests == 7'106);
    CHECK(s.prompt_tokens.total == 20'917'099);
    CHECK(s.sessions.sessions == 3'990);
    CHECK(s.arrivals.span == Duration((604'800 + 604'603 - 82) * std::int64_t{1'000'000'000}));
  }
  CHECK(prefixes.block_references == 1'300'057);
  CHECK(prefixes.distinct_blocks == 889'182);
  CHECK(chunks.block_references == 1'278'710);
  CHECK(chunks.distinct_blocks == 357'043);
  CHECK(prefixes.prefixes);
  CHECK(!chunks.prefixes);
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
