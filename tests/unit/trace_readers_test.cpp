#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/trace_files.hpp"
#include "traces/mapped_file.hpp"
#include "traces/validate.hpp"

using namespace tiersim;
using namespace tiersim::traces;
using namespace tiersim::tests;

namespace {

Trace good(const std::string& path, std::string_view format, std::uint32_t block_tokens = 16) {
  Diagnostics diagnostics;
  Trace trace = read_trace(path, format, diagnostics, block_tokens);
  CHECK(diagnostics.render() == "");
  CHECK(validate(trace).empty());
  return trace;
}

template <class T>
std::vector<T> list(std::span<const T> column) {
  return {column.begin(), column.end()};
}

std::vector<Extent> extents(const Trace& trace, int request) { return list(trace.extents(RequestId(request))); }

using Ints = std::vector<std::uint32_t>;
using Times = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("what does the Mooncake sample say?") {
  const Trace trace = good(sample("mooncake.jsonl"), "mooncake");
  CHECK(list(trace.columns().arrival) == Times{0, 0, 3'000'000'000, 3'000'000'000, 9'000'000'000});
  CHECK(list(trace.columns().prompt_tokens) == Ints{1100, 1536, 2000, 300, 2049});
  CHECK(list(trace.columns().output_tokens) == Ints{52, 7, 131, 1, 400});
  CHECK(list(trace.columns().identified_tokens) == list(trace.columns().prompt_tokens));
  CHECK(trace.block_tokens() == 512);
  CHECK(trace.distinct_blocks() == 10);
  CHECK(extents(trace, 0) == std::vector<Extent>{{0, 3}});
  CHECK(extents(trace, 2) == std::vector<Extent>{{0, 2}, {5, 2}});
  CHECK(extents(trace, 4) == std::vector<Extent>{{0, 1}, {3, 2}, {8, 2}});
  CHECK(!trace.has_sessions());
  CHECK(trace.origin().format == "mooncake");
  CHECK(trace.origin().hash.size() == 16);
}

TEST_CASE("hash ids of any size are numbered by first touch") {
  const TemporaryFolder folder;
  const auto path = folder.write(
      "t.jsonl", R"({"timestamp":5,"input_length":1024,"output_length":1,"hash_ids":[18446744073709551615,77]})"
                 "\n\n"
                 R"({"hash_ids":[77,3],"output_length":2,"input_length":513,"timestamp":5,"more":[{}]})");
  const Trace trace = good(path, "mooncake");
  CHECK(extents(trace, 0) == std::vector<Extent>{{0, 2}});
  CHECK(extents(trace, 1) == std::vector<Extent>{{1, 2}});
}

TEST_CASE("what does the Azure sample say, and do line ends matter?") {
  const Trace trace = good(sample("azure.csv"), "azure");
  CHECK(list(trace.columns().arrival) ==
        Times{0, 4'314'579'000, 4'314'579'000, 20'653'319'410'100});  // 5 h 44 min 13.3194101 s
  CHECK(list(trace.columns().prompt_tokens) == Ints{374, 396, 879, 91});
  CHECK(list(trace.columns().output_tokens) == Ints{44, 109, 55, 16});
  CHECK(!trace.has_blocks());
  std::string text = bytes_of(sample("azure.csv"));
  std::erase(text, '\r');
  const TemporaryFolder folder;
  CHECK(list(good(folder.write("t.csv", text + "\n"), "azure").columns().arrival) == list(trace.columns().arrival));
}

TEST_CASE("do Azure stamps with a zone read, and does February have 29 days when it should?") {
  const TemporaryFolder folder;
  const std::string head = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
  const auto path = folder.write("t.csv", head +
                                              "2024-02-28 23:59:59.5+00:00,1,1\n2024-02-29 00:00:00Z,1,1\n"
                                              "2024-03-01 00:00:00.000001,1,1\n");
  CHECK(list(good(path, "azure").columns().arrival) == Times{0, 500'000'000, 86'400'500'001'000});
}

TEST_CASE("what does the plain CSV sample say, sessions included?") {
  const Trace trace = good(sample("plain.csv"), "csv");
  CHECK(list(trace.columns().arrival) == Times{0, 500'000'000, 2'250'000'000, 3'000'000'001, 9'500'000'000});
  CHECK(list(trace.columns().previous) == Ints{kNoRequest, kNoRequest, 0, kNoRequest, 2});
  CHECK(list(trace.columns().think_time) == Times{0, 0, 1'125'000'000, 0, 4'000'000'000});
  CHECK(trace.has_sessions());
  const TemporaryFolder folder;
  const auto turned = folder.write("t.csv", "output_tokens,arrival,prompt_tokens\n3,1e-3,4\n5,.25,6\n");
  const Trace other = good(turned, "csv");
  CHECK(list(other.columns().arrival) == Times{1'000'000, 250'000'000});
  CHECK(list(other.columns().prompt_tokens) == Ints{4, 6});
}

TEST_CASE("are blocks of token ids shared exactly as far as prefixes agree?") {
  // 48 shared tokens; the third prompt repeats the first prompt and its answer, 73 tokens, and goes on.
  const Trace trace = good(sample("tokens.jsonl"), "tokens", 16);
  CHECK(list(trace.columns().identified_tokens) == Ints{64, 80, 80});
  CHECK(extents(trace, 0) == std::vector<Extent>{{0, 4}});
  CHECK(extents(trace, 1) == std::vector<Extent>{{0, 3}, {4, 2}});
  CHECK(extents(trace, 2) == std::vector<Extent>{{0, 4}, {6, 1}});
  CHECK(good(sample("tokens.jsonl"), "tokens", 1000).has_blocks() == false);
}

TEST_CASE("does the format follow from the first bytes?") {
  CHECK(guess_format(sample("mooncake.jsonl")) == "mooncake");
  CHECK(guess_format(sample("azure.csv")) == "azure");
  CHECK(guess_format(sample("plain.csv")) == "csv");
  CHECK(guess_format(sample("tokens.jsonl")) == "tokens");
  CHECK(guess_format(sample("kv-cache-tester")) == "kv-cache-tester");
  CHECK(guess_format(sample("kv-cache-tester/session_1.json")) == "kv-cache-tester");
  CHECK(guess_format(sample("missing")) == "");
  const TemporaryFolder folder;
  CHECK(guess_format(folder.write("t", "hello")) == "");
  CHECK(guess_format(folder.path()) == "");
}

TEST_CASE("where is a trace looked for, and in which order?") {
  const TemporaryFolder folder;
  const auto in_traces = folder.write("data/traces/a/t.csv", "x");
  CHECK(find_trace("a/t.csv", folder.path("s"), folder.path("data")) == in_traces);
  const auto in_data = folder.write("data/a/t.csv", "x");
  CHECK(find_trace("a/t.csv", folder.path("s"), folder.path("data")) == in_data);
  const auto beside = folder.write("s/a/t.csv", "x");
  CHECK(find_trace("a/t.csv", folder.path("s"), folder.path("data")) == beside);
  CHECK(find_trace(in_data, "", "") == in_data);
  CHECK(find_trace("a/t.csv", "", "") == "");
  CHECK(find_trace(folder.path("s/a"), "", "") == folder.path("s/a"));  // a folder may be a trace
  CHECK(find_trace(folder.path("s/b"), "", "") == "");
}

TEST_CASE("a missing public trace: which one to get, and what to do with it") {
  Diagnostics diagnostics;
  SourceMark mark;
  mark.file = "scenario.yaml";
  mark.line = 3;
  mark.column = 22;
  mark.text = "  requests: {trace: mooncake/conversation_trace.jsonl}";
  const Trace trace = load_trace("mooncake/conversation_trace.jsonl", "", {}, "here", "there", mark, diagnostics);
  CHECK(trace.size() == 0);
  const Diagnostic& missing = diagnostics.all().at(0);
  CHECK(missing.mark.line == 3);
  CHECK(missing.message == "no trace file 'mooncake/conversation_trace.jsonl'");
  CHECK(missing.notes ==
        std::vector<std::string>{
            "get it from the GitHub project kvcache-ai/Mooncake, file FAST25-release/traces/conversation_trace.jsonl",
            "put it beside the scenario as mooncake/conversation_trace.jsonl, or set TIERSIM_DATA to the folder that "
            "holds traces/mooncake/conversation_trace.jsonl",
            "looked for here/mooncake/conversation_trace.jsonl (beside the scenario), "
            "there/mooncake/conversation_trace.jsonl (in TIERSIM_DATA), "
            "there/traces/mooncake/conversation_trace.jsonl (in TIERSIM_DATA)"});
}

TEST_CASE("an unknown format is met with the ones that exist") {
  Diagnostics diagnostics;
  (void)load_trace(sample("azure.csv"), "azur", {}, "", "", {}, diagnostics);
  const TemporaryFolder folder;
  (void)load_trace(folder.write("t", "hello"), "", {}, "", "", {}, diagnostics);
  const std::string text = diagnostics.render();
  CHECK(text.find("unknown trace format 'azur'") != text.npos);
  CHECK(text.find("did you mean 'azure'?") != text.npos);
  CHECK(text.find("cannot tell the format") != text.npos);
  CHECK(
      text.find("formats: azure, bailian, burstgpt, csv, kv-cache-tester, kvcache, mooncake, oracleGeneral, ragpulse, "
                "ragpulse-chunks, tiersim, tokens") != text.npos);
}

TEST_CASE("a file that fills its last page has room behind it") {
  const TemporaryFolder folder;
  std::string problem;
  const auto file = MappedFile::open(folder.write("page", std::string(4096, 'x')), problem);
  REQUIRE(file);
  CHECK(file->size() == 4096);
  CHECK(file->bytes().data()[4096 + MappedFile::kPadding - 1] == std::byte{0});
}
