// Sessions of agents, each with its own clock and ids, laid on one clock: the format kv-cache-tester.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/archives.hpp"
#include "tests/support/trace_files.hpp"
#include "traces/validate.hpp"

using namespace tiersim;
using namespace tiersim::traces;
using namespace tiersim::tests;

namespace {

using Ints = std::vector<std::uint32_t>;
using Times = std::vector<std::int64_t>;

constexpr std::int64_t kSecond = 1'000'000'000;

const std::string kFolder = sample("kv-cache-tester");

/// A good trace with a warning or without.
Trace read(const std::string& path, const std::string& warning = "", const std::vector<std::string>& settings = {}) {
  Diagnostics diagnostics;
  Trace trace = read_trace(path, "kv-cache-tester", diagnostics, 16, settings);
  CHECK(diagnostics.render() == warning);
  CHECK(validate(trace).empty());
  return trace;
}

std::string warning_of(const std::string& path) {
  return path + ": warning: answers of 0 tokens count as 1 (1 of them)\n";
}

template <class T>
std::vector<T> list(std::span<const T> column) {
  return {column.begin(), column.end()};
}

std::vector<Extent> extents(const Trace& trace, int request) { return list(trace.extents(RequestId(request))); }

std::string session(const std::string& requests, const std::string& scope = "local") {
  return R"({"block_size":64,"hash_id_scope":")" + scope + R"(","requests":[)" + requests + "]}";
}

void check_same(const Trace& a, const Trace& b) {
  CHECK(list(a.columns().arrival) == list(b.columns().arrival));
  CHECK(list(a.columns().previous) == list(b.columns().previous));
  CHECK(list(a.columns().think_time) == list(b.columns().think_time));
  CHECK(list(a.columns().extents) == list(b.columns().extents));
}

}  // namespace

TEST_CASE("what does the folder of sample sessions say, a sub-agent included?") {
  const Trace trace = read(kFolder, warning_of(kFolder));
  CHECK(list(trace.columns().arrival) ==
        Times{0, 3'500'000'000, 5 * kSecond, 7'500'000'000, 60'250'000'000, 900 * kSecond, 902 * kSecond});
  CHECK(list(trace.columns().prompt_tokens) == Ints{130, 64, 260, 200, 300, 100, 140});
  CHECK(list(trace.columns().output_tokens) == Ints{20, 5, 1, 7, 11, 3, 9});
  CHECK(list(trace.columns().identified_tokens) == Ints{128, 64, 256, 192, 256, 64, 128});
  CHECK(trace.block_tokens() == 64);
  CHECK(trace.distinct_blocks() == 11);
}

TEST_CASE("does a sub-agent follow the request after which it began, and its parent not wait for it?") {
  const Trace trace = read(kFolder, warning_of(kFolder));
  CHECK(list(trace.columns().previous) == Ints{kNoRequest, 0, 0, 1, 2, kNoRequest, 5});
  // The sub-agent begins 1 s after the answer of 2.5 s; the last turn of the session gives no think time, nor the one
  // before it the time of its answer.
  CHECK(list(trace.columns().think_time) == Times{0, kSecond, 2'500'000'000, 3 * kSecond, 55'250'000'000, 0, kSecond});
}

TEST_CASE("is the same id in two sessions other content, and in one the same?") {
  const Trace trace = read(kFolder, warning_of(kFolder));
  CHECK(extents(trace, 0) == std::vector<Extent>{{0, 2}});
  CHECK(extents(trace, 1) == std::vector<Extent>{{2, 1}});
  CHECK(extents(trace, 2) == std::vector<Extent>{{0, 2}, {3, 2}});
  CHECK(extents(trace, 3) == std::vector<Extent>{{2, 1}, {5, 2}});
  CHECK(extents(trace, 4) == std::vector<Extent>{{0, 2}, {7, 2}});
  CHECK(extents(trace, 5) == std::vector<Extent>{{9, 1}});
  CHECK(extents(trace, 6) == std::vector<Extent>{{9, 2}});
}

TEST_CASE("do sessions overlap when the gap is short?") {
  const Trace trace = read(kFolder, warning_of(kFolder), {"gap=3 s"});
  CHECK(list(trace.columns().arrival) ==
        Times{0, 3 * kSecond, 3'500'000'000, 5 * kSecond, 5 * kSecond, 7'500'000'000, 60'250'000'000});
  // At 5 s the first session's request comes first.
  CHECK(list(trace.columns().prompt_tokens) == Ints{130, 100, 64, 260, 140, 200, 300});
  CHECK(list(trace.columns().previous) == Ints{kNoRequest, kNoRequest, 0, 0, 1, 2, 3});
  CHECK(extents(trace, 4) == std::vector<Extent>{{2, 1}, {6, 1}});
}

TEST_CASE("is an archive read as the folder that it holds, in whatever order and compression?") {
  const TemporaryFolder folder;
  const std::string one = bytes_of(kFolder + "/session_1.json"), two = bytes_of(kFolder + "/session_2.json");
  const Trace expected = read(kFolder, warning_of(kFolder));
  for (const Compression compression : {Compression::none, Compression::zstd}) {
    const std::string path = folder.path("t");
    write_tar(path, {{"x/session_2.json", two}, {"x/README", "no session"}, {"x/session_1.json", one}}, compression);
    CHECK(guess_format(path) == "kv-cache-tester");
    check_same(read(path, warning_of(path)), expected);
  }
}

TEST_CASE("are global ids the same content in every session that says so?") {
  const TemporaryFolder folder;
  const std::string request = R"({"t":0,"in":128,"out":1,"hash_ids":[7,8]})";
  folder.write("a.json", session(request, "global"));
  folder.write("b.json", session(request));
  folder.write("c.json", session(request, "global"));
  const Trace trace = read(folder.path());
  CHECK(trace.distinct_blocks() == 4);
  CHECK(extents(trace, 0) == std::vector<Extent>{{0, 2}});
  CHECK(extents(trace, 1) == std::vector<Extent>{{2, 2}});
  CHECK(extents(trace, 2) == std::vector<Extent>{{0, 2}});
}

TEST_CASE("may sub-agents have sub-agents, and come in pairs, and before any request?") {
  const TemporaryFolder folder;
  const std::string leaf = R"({"t":1,"in":5,"out":1,"hash_ids":[]})";
  const std::string inner = R"({"t":2,"requests":[)" + leaf + "," + leaf + "]}";
  const auto path =
      folder.write("s.json", session(R"({"t":0,"requests":[)" + leaf + "]}," + leaf + R"(,{"requests":[)" + leaf + "," +
                                     inner + R"(],"t":10},)" + R"({"t":10,"requests":[)" + leaf + "]}"));
  const Trace trace = read(path);
  CHECK(list(trace.columns().arrival) ==
        Times{kSecond, kSecond, 11 * kSecond, 11 * kSecond, 13 * kSecond, 13 * kSecond});
  // The first sub-agent, the parent, its two sub-agents, and the two turns of the innermost.
  CHECK(list(trace.columns().previous) == Ints{kNoRequest, kNoRequest, 1, 1, 2, 4});
  CHECK(list(trace.columns().think_time) == Times{0, 0, 10 * kSecond, 10 * kSecond, 2 * kSecond, 0});
}
