// What the formats of published traces come to, on samples of a few lines: Bailian, BurstGPT, kvcache.ai, RAGPulse,
// oracleGeneral.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/trace_files.hpp"
#include "traces/validate.hpp"

using namespace tiersim;
using namespace tiersim::traces;
using namespace tiersim::tests;

namespace {

using Ints = std::vector<std::uint32_t>;
using Times = std::vector<std::int64_t>;
using Extents = std::vector<Extent>;

constexpr std::int64_t kSecond = 1'000'000'000;

struct Read {
  Trace trace;
  std::string warnings;  ///< without the file's name
};

Read read(const std::string& path, std::string_view format, std::uint32_t block_tokens = 16,
          const std::vector<std::string>& settings = {}) {
  Diagnostics diagnostics;
  Read out{read_trace(path, format, diagnostics, block_tokens, settings), ""};
  for (const Diagnostic& d : diagnostics.all()) out.warnings += d.message + "\n";
  CHECK(!diagnostics.has_errors());
  CHECK(validate(out.trace).empty());
  CHECK(out.trace.origin().format == format);
  return out;
}

template <class T>
std::vector<T> list(std::span<const T> column) {
  return {column.begin(), column.end()};
}

Extents extents(const Trace& trace, int request) { return list(trace.extents(RequestId(request))); }

struct OracleRecord {
  std::uint32_t time;
  std::uint64_t object;
  std::int64_t next;
  std::uint32_t size = 1;
};

std::string oracle_bytes(const std::vector<OracleRecord>& records) {
  std::string out;
  const auto put = [&](const auto& value) { out.append(reinterpret_cast<const char*>(&value), sizeof(value)); };
  for (const OracleRecord& r : records) put(r.time), put(r.object), put(r.size), put(r.next);
  return out;
}

}  // namespace

TEST_CASE("what does the Bailian sample say, conversations included?") {
  const auto [trace, warnings] = read(sample("bailian.jsonl"), "bailian");
  CHECK(warnings ==
        "turns whose parent the file does not have before them begin sessions (1 of them)\n"
        "answers of 0 tokens count as 1 (1 of them)\n");
  CHECK(list(trace.columns().arrival) == Times{0, 250'000'000, 61'114'000'000, 61'114'000'000, 80 * kSecond});
  CHECK(list(trace.columns().prompt_tokens) == Ints{37, 33, 70, 16, 48});
  CHECK(list(trace.columns().output_tokens) == Ints{20, 9, 30, 1, 5});
  CHECK(list(trace.columns().previous) == Ints{kNoRequest, kNoRequest, 0, kNoRequest, 0});
  CHECK(list(trace.columns().think_time) == Times{0, 0, 61'114'000'000, 0, 80 * kSecond});
  CHECK(trace.block_tokens() == 16);
  CHECK(extents(trace, 2) == Extents{{0, 2}, {4, 4}});
}

TEST_CASE("do Bailian's ids identify full blocks, a partial last one, or some of the answer?") {
  // 37 tokens in three blocks, 33 in two full ones, 70 + 30 in six, 48 in three.
  const Trace trace = read(sample("bailian.jsonl"), "bailian").trace;
  CHECK(list(trace.columns().identified_tokens) == Ints{37, 32, 96, 16, 48});
}

TEST_CASE("what does the BurstGPT sample say, failures left out?") {
  const auto [trace, warnings] = read(sample("burstgpt.csv"), "burstgpt");
  CHECK(warnings == "rows without tokens are failed requests, left out (1 of them)\n");
  CHECK(list(trace.columns().arrival) == Times{5 * kSecond, 45 * kSecond, 118 * kSecond, 120 * kSecond});
  CHECK(list(trace.columns().prompt_tokens) == Ints{472, 1087, 417, 700});
  CHECK(list(trace.columns().output_tokens) == Ints{18, 230, 276, 31});
  CHECK(list(trace.columns().previous) == Ints{kNoRequest, kNoRequest, 0, 2});
  // Answered at 9.5 s; the next turn's answer was still coming when the last one was asked.
  CHECK(list(trace.columns().think_time) == Times{0, 0, 108'500'000'000, 0});
}

TEST_CASE("is BurstGPT read without sessions, as its first release was?") {
  const TemporaryFolder folder;
  const auto path = folder.write("t.csv",
                                 "Timestamp(s),Model,Request tokens,Response tokens,Total tokens,Log Type\n"
                                 "5,ChatGPT,472,18,490,Conversation log\n");
  CHECK(guess_format(path) == "burstgpt");
  const auto [trace, warnings] = read(path, "burstgpt");
  CHECK(warnings == "");
  CHECK(trace.size() == 1);
  CHECK(!trace.has_sessions());
}

TEST_CASE("what does the sample of kvcache.ai's format say, where fields are missing?") {
  const auto [trace, warnings] = read(sample("kvcache.jsonl"), "kvcache");
  CHECK(warnings ==
        "records without 'output_length' have an answer of 1 token (1 of them)\n"
        "answers of 0 tokens count as 1 (1 of them)\n");
  CHECK(list(trace.columns().arrival) == Times{0, 2'500'000'000, 3 * kSecond});
  CHECK(list(trace.columns().prompt_tokens) == Ints{128, 150, 200});
  CHECK(list(trace.columns().output_tokens) == Ints{1, 12, 1});
  CHECK(list(trace.columns().identified_tokens) == Ints{128, 150, 128});
  CHECK(trace.block_tokens() == 64);
  CHECK(extents(trace, 1) == Extents{{0, 3}});
  CHECK(extents(trace, 2) == Extents{{0, 1}, {3, 1}});
}

TEST_CASE("do kvcache.ai's times count the unit that is asked for?") {
  const Trace trace = read(sample("kvcache.jsonl"), "kvcache", 16, {"time_unit=1 ms"}).trace;
  CHECK(list(trace.columns().arrival) == Times{0, 2'500'000, 3'000'000});
  CHECK(read(sample("kvcache.jsonl"), "kvcache", 16, {"time_unit=3 h"}).trace.columns().arrival[1] == 27'000 * kSecond);
}

TEST_CASE("what does a prefix cache see of the RAGPulse sample?") {
  const auto [trace, warnings] = read(sample("ragpulse/0_trace.jsonl"), "ragpulse");
  CHECK(warnings == "times that go back begin another week (1 of them)\n");
  CHECK(list(trace.columns().arrival) == Times{82 * kSecond, 93 * kSecond, 604'000 * kSecond, (604'800 + 3) * kSecond});
  CHECK(list(trace.columns().prompt_tokens) == Ints{70, 70, 60, 41});
  CHECK(list(trace.columns().previous) == Ints{kNoRequest, kNoRequest, 0, kNoRequest});
  CHECK(list(trace.columns().think_time) == Times{0, 0, (604'000 - 82) * kSecond, 0});
  // Chunks of 16, 10, 20, 8 and 6 tokens are 60, three blocks; all share the first, none the chunks behind it, as they
  // stand in another order or are cut at another token.
  CHECK(list(trace.columns().identified_tokens) == Ints{48, 48, 48, 32});
  CHECK(extents(trace, 0) == Extents{{0, 3}});
  CHECK(extents(trace, 1) == Extents{{0, 1}, {3, 2}});
  CHECK(extents(trace, 2) == Extents{{0, 1}, {5, 2}});
  CHECK(extents(trace, 3) == Extents{{0, 1}, {7, 1}});
}

TEST_CASE("do equal beginnings of RAGPulse prompts share blocks until their chunks differ?") {
  // In blocks of 2: the first 26 tokens are the same in requests 0, 2 and 3, 16 in all.
  const Trace trace = read(sample("ragpulse/0_trace.jsonl"), "ragpulse", 2).trace;
  CHECK(extents(trace, 0) == Extents{{0, 30}});
  CHECK(extents(trace, 1)[0] == Extent{0, 8});
  CHECK(extents(trace, 2)[0] == Extent{0, 13});
  CHECK(extents(trace, 3)[0] == Extent{0, 13});
}

TEST_CASE("what does a cache of chunks see of the RAGPulse sample?") {
  const Trace trace = read(sample("ragpulse/0_trace.jsonl"), "ragpulse-chunks", 8).trace;
  // Full blocks of 8: two of the system prompt, one and two of the passages, one of the history, none of the question.
  CHECK(list(trace.columns().identified_tokens) == Ints{48, 48, 40, 32});
  CHECK(extents(trace, 0) == Extents{{0, 6}});
  CHECK(extents(trace, 1) == Extents{{0, 2}, {3, 2}, {2, 1}, {5, 1}});  // the passages the other way round
  CHECK(extents(trace, 2) == Extents{{0, 3}, {5, 2}});
  CHECK(extents(trace, 3) == Extents{{0, 3}, {2, 1}});  // one passage twice
}

TEST_CASE("does the hash of a RAGPulse trace cover its tables?") {
  const TemporaryFolder folder;
  copy_sample("ragpulse", folder);
  const std::string path = folder.path("0_trace.jsonl");
  const std::string before = read(path, "ragpulse").trace.origin().hash;
  CHECK(before == read(sample("ragpulse/0_trace.jsonl"), "ragpulse").trace.origin().hash);
  folder.write("5_web_search.jsonl", "{\"web_search_id\": 40, \"token_length\": 11}\n");
  CHECK(read(path, "ragpulse").trace.origin().hash != before);
}

TEST_CASE("is every object of the oracleGeneral sample a block, asked for from the first second on?") {
  const auto [trace, warnings] = read(sample("oracleGeneral.bin"), "oracleGeneral", 32);
  CHECK(warnings == "objects of 512 to 4096 bytes count as one block each (3 of them)\n");
  CHECK(list(trace.columns().arrival) == Times{0, 0, kSecond, 5 * kSecond, 7 * kSecond});
  CHECK(list(trace.columns().prompt_tokens) == Ints(5, 32));
  CHECK(list(trace.columns().identified_tokens) == Ints(5, 32));
  CHECK(list(trace.columns().output_tokens) == Ints(5, 1));
  CHECK(trace.block_tokens() == 32);
  CHECK(list(trace.columns().extents) == Extents{{0, 1}, {1, 1}, {0, 1}, {2, 1}, {0, 1}});
}

TEST_CASE("are next uses kept where the records bear them out, and left out where not?") {
  // The sample's are right; one points beyond its end, as in a trace that was cut.
  CHECK(read(sample("oracleGeneral.bin"), "oracleGeneral").trace.has_next_uses());
  const TemporaryFolder folder;
  const auto of = [&](const std::vector<std::int64_t>& next) {
    return read(folder.write("t", oracle_bytes({{0, 5, next[0]}, {0, 6, next[1]}, {1, 5, next[2]}})), "oracleGeneral");
  };
  const auto [from_0, no_warning] = of({2, -1, -1});
  CHECK(no_warning == "");
  CHECK(list(from_0.columns().next_uses) == std::vector<NextUse>{{1, 2}, {1, kNoRequest}, {1, kNoRequest}});
  CHECK(of({3, -1, -1}).trace.has_next_uses());  // counted from 1
  const Read unknown = of({-2, -2, -2});
  CHECK(!unknown.trace.has_next_uses());
  CHECK(unknown.warnings == "");
  const Read wrong = of({1, -1, -1});
  CHECK(!wrong.trace.has_next_uses());
  CHECK(wrong.warnings == "next uses that the records do not bear out: all are computed anew (1 of them)\n");
}

TEST_CASE("are the published formats told from each other by their first bytes?") {
  for (const auto& [file, format] :
       std::vector<std::pair<std::string, std::string>>{{"bailian.jsonl", "bailian"},
                                                        {"burstgpt.csv", "burstgpt"},
                                                        {"kvcache.jsonl", "kvcache"},
                                                        {"oracleGeneral.bin", "oracleGeneral"},
                                                        {"ragpulse/0_trace.jsonl", "ragpulse"}})
    CHECK(guess_format(sample(file)) == format);
}

TEST_CASE("does every format come through the binary format as it was?") {
  const TemporaryFolder folder;
  for (const auto& [file, format] :
       std::vector<std::pair<std::string, std::string>>{{"bailian.jsonl", "bailian"},
                                                        {"burstgpt.csv", "burstgpt"},
                                                        {"kvcache.jsonl", "kvcache"},
                                                        {"oracleGeneral.bin", "oracleGeneral"},
                                                        {"ragpulse/0_trace.jsonl", "ragpulse"},
                                                        {"ragpulse/0_trace.jsonl", "ragpulse-chunks"},
                                                        {"kv-cache-tester", "kv-cache-tester"}}) {
    CAPTURE(format);
    const Trace trace = read(sample(file), format).trace;
    write_binary(trace, folder.path("t"));
    const Trace again = read(folder.path("t"), "tiersim").trace;
    const auto &a = trace.columns(), &b = again.columns();
    CHECK(list(a.arrival) == list(b.arrival));
    CHECK(list(a.prompt_tokens) == list(b.prompt_tokens));
    CHECK(list(a.output_tokens) == list(b.output_tokens));
    CHECK(list(a.identified_tokens) == list(b.identified_tokens));
    CHECK(list(a.previous) == list(b.previous));
    CHECK(list(a.think_time) == list(b.think_time));
    CHECK(list(a.extents) == list(b.extents));
  }
}
