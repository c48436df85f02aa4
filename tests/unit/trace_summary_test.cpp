#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "tests/support/trace_files.hpp"
#include "traces/summary.hpp"

using namespace tiersim;
using namespace tiersim::traces;
using namespace tiersim::tests;

TEST_CASE("are the figures of the Mooncake sample those counted by hand?") {
  Diagnostics diagnostics;
  const TraceSummary s = summarise(read_trace(sample("mooncake.jsonl"), "mooncake", diagnostics));
  CHECK(s.requests == 5);
  CHECK(s.span == Duration(9'000'000'000));
  CHECK(s.rate == doctest::Approx(4.0 / 9.0));
  CHECK(s.burstiness == doctest::Approx(std::sqrt((2 * 2.25 * 2.25 + 0.75 * 0.75 + 3.75 * 3.75) / 4) / 2.25));
  CHECK(s.prompt_tokens.total == 6985);
  CHECK(s.prompt_tokens.mean == doctest::Approx(1397.0));
  CHECK(s.prompt_tokens.p50 == 1536);
  CHECK(s.prompt_tokens.p90 == 2049);
  CHECK(s.output_tokens.p50 == 52);
  CHECK(s.block_references == 16);
  CHECK(s.distinct_blocks == 10);
  CHECK(s.reused_references == 6);
  CHECK(s.reusable_tokens == 512 * 6);
  CHECK(s.sessions == 0);
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
  CHECK(sessions.find("sessions       3, 1.67 turns each") != sessions.npos);
  CHECK(sessions.find("none identified") != sessions.npos);
  const std::string blocks = to_text(summarise(read_trace(sample("mooncake.jsonl"), "mooncake", diagnostics)));
  CHECK(blocks.find("16 references to 10 distinct blocks of 512 tokens") != blocks.npos);
  CHECK(to_text(summarise(Trace())).find("requests       0") != std::string::npos);
}
