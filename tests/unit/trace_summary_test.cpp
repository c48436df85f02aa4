#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "tests/support/small_system.hpp"
#include "tests/support/trace_files.hpp"
#include "traces/summary.hpp"
#include "traces/validate.hpp"

using namespace tiersim;
using namespace tiersim::traces;
using namespace tiersim::tests;

TEST_CASE("are the figures of the Mooncake sample those counted by hand?") {
  Diagnostics diagnostics;
  const TraceSummary s = summarise(read_trace(sample("mooncake.jsonl"), "mooncake", diagnostics));
  CHECK(s.requests == 5);
  CHECK(s.arrivals.span == Duration(9'000'000'000));
  CHECK(s.arrivals.rate == doctest::Approx(4.0 / 9.0));
  CHECK(s.arrivals.burstiness == doctest::Approx(std::sqrt((2 * 2.25 * 2.25 + 0.75 * 0.75 + 3.75 * 3.75) / 4) / 2.25));
  CHECK(s.prompt_tokens.total == 6985);
  CHECK(s.prompt_tokens.mean == doctest::Approx(1397.0));
  CHECK(s.prompt_tokens.p50 == 1536);
  CHECK(s.prompt_tokens.p90 == 2049);
  CHECK(s.output_tokens.p50 == 52);
  CHECK(s.block_references == 16);
  CHECK(s.distinct_blocks == 10);
  CHECK(s.reused_references == 6);
  CHECK(s.reusable_tokens == 512 * 6);
  CHECK(s.sessions.sessions == 0);
  CHECK(s.arrivals.times == 3);
  CHECK(s.arrivals.peak_rate == doctest::Approx(5.0 / 60));
  CHECK(s.sharing.used_once == 6);       // 1 to 9 but for 3, 4 and 1
  CHECK(s.sharing.popular_blocks == 1);  // 0
  CHECK(s.sharing.popular_references == 4);
  CHECK(s.prefixes);
  CHECK(s.identified_answers == 0);
}

TEST_CASE("only whole prefixes count as reusable tokens, and no more than the prompt has") {
  const TemporaryFolder folder;
  const auto path = folder.write("t.jsonl",
                                 "{\"timestamp\":0,\"input_length\":1030,\"output_length\":1,\"hash_ids\":[5,6,7]}\n"
                                 "{\"timestamp\":0,\"input_length\":1030,\"output_length\":1,\"hash_ids\":[5,6,7]}\n"
                                 "{\"timestamp\":0,\"input_length\":1030,\"output_length\":1,\"hash_ids\":[5,9,7]}\n");
  Diagnostics diagnostics;
  const TraceSummary s = summarise(read_trace(path, "mooncake", diagnostics));
  CHECK(s.reused_references == 5);
  CHECK(s.reusable_tokens == 1030 + 512);
  CHECK(s.best_token_reuse() == doctest::Approx(1542.0 / 3090.0));
}

TEST_CASE("does the text show what is there, and say so where nothing is?") {
  Diagnostics diagnostics;
  const std::string sessions = to_text(summarise(read_trace(sample("plain.csv"), "csv", diagnostics)));
  CHECK(sessions.find("sessions       3, no turns branch off") != sessions.npos);
  CHECK(sessions.find("! no block ids: useless for caches, every prompt is new") != sessions.npos);
  const std::string blocks = to_text(summarise(read_trace(sample("mooncake.jsonl"), "mooncake", diagnostics)));
  CHECK(blocks.find("10 blocks of 512 tokens: 5,120 tokens; 16 references") != blocks.npos);
  CHECK(to_text(summarise(Trace())).find("requests       0") != std::string::npos);
}

TEST_CASE("are turns, branches and think times counted by session?") {
  Diagnostics diagnostics;
  const Trace trace = read_trace(sample("kv-cache-tester"), "kv-cache-tester", diagnostics);
  const SessionSummary s = summarise(trace).sessions;
  CHECK(s.sessions == 2);
  CHECK(s.branches == 1);  // the parent's second turn, beside its sub-agent's first
  CHECK(s.turns.total == 7);
  CHECK(s.turns.max == 5);
  CHECK(s.turns.p50 == 2);
  CHECK(s.think_time.total == 62'750'000'000);  // 1 + 2.5 + 3 + 55.25 + 1 s
  CHECK(s.think_time.p50 == 2'500'000'000);
}

TEST_CASE("is the busiest minute found, wherever it is?") {
  const TemporaryFolder folder;
  std::string text = "arrival,prompt_tokens,output_tokens\n10,1,1\n";
  for (const char* time : {"129.9", "130", "131", "189.9", "190", "300"}) text += std::string(time) + ",1,1\n";
  Diagnostics diagnostics;
  const TraceSummary s = summarise(read_trace(folder.write("t.csv", text), "csv", diagnostics));
  CHECK(s.arrivals.peak_rate == doctest::Approx(3.0 / 60));  // minutes begin at 10, 70, 130, ... s
  CHECK(to_text(s).find("0.05/s in the busiest minute (2.4 times as many)") != std::string::npos);
}

TEST_CASE("are ids that mean content alone told from prefixes?") {
  const auto prefixes = [](const std::vector<std::vector<std::uint32_t>>& requests) {
    std::vector<SmallRequest> list;
    for (const auto& blocks : requests) list.push_back({.prompt = 1000, .blocks = blocks});
    const Trace trace = make_trace(list, 16);
    CHECK(validate(trace).empty());
    return ids_are_prefixes(trace);
  };
  CHECK(prefixes({{0, 1, 2}, {0, 1}, {0, 3, 4}, {0, 3, 4, 5}, {6}}));
  CHECK(!prefixes({{0, 1, 2}, {1}}));             // first, and not
  CHECK(!prefixes({{0, 1, 2}, {0, 2}}));          // behind 1, and behind 0
  CHECK(!prefixes({{0}, {1}, {0, 1}}));           // a run of two that each came first
  CHECK(!prefixes({{0, 1}, {2, 3}, {0, 1, 2}}));  // the third of a run
  CHECK(!prefixes({{0, 1, 0}}));                  // behind nothing, and behind 1
  Diagnostics diagnostics;
  const TraceSummary chunks =
      summarise(read_trace(sample("ragpulse/0_trace.jsonl"), "ragpulse-chunks", diagnostics, 8));
  CHECK(!chunks.prefixes);
}

TEST_CASE("does each thing that a trace is useless for get its line, and nothing else?") {
  using Lines = std::vector<std::string>;
  Diagnostics diagnostics;
  const auto limits = [&](const Trace& trace) { return limits_of(summarise(trace)); };
  const std::string no_sessions = "no sessions: useless for closed loops of sessions (load: sessions)";
  CHECK(limits(Trace()).empty());
  CHECK(limits(make_trace({{.arrival = 0, .prompt = 16, .output = 16, .blocks = {0, 1}},
                           {.arrival = 9, .prompt = 32, .output = 16, .blocks = {0, 1, 2}, .previous = 0}},
                          16))
            .empty());
  CHECK(limits(make_trace({{.prompt = 16, .blocks = {0}}, {.prompt = 16, .blocks = {1}}}, 16)) ==
        Lines{"no block comes twice: useless for caches, nothing can be reused",
              "answers have no ids: useless for the reuse of generated tokens", no_sessions,
              "all requests come at once: useless for latency under load; give one (load: poisson or concurrency)"});
  CHECK(limits(make_trace({{.arrival = 0}, {.arrival = 0}, {.arrival = 3'000'000'000}, {.arrival = 3'000'000'000}})) ==
        Lines{"no block ids: useless for caches, every prompt is new", no_sessions,
              "times on a coarse grid (2 of them, 3.00 s apart): useless for short queues; use jitter: 3.00 s"});
  CHECK(limits(read_trace(sample("ragpulse/0_trace.jsonl"), "ragpulse-chunks", diagnostics, 8)).at(0) ==
        "ids are no prefixes (a block follows different blocks): useless for prefix caches");
}
