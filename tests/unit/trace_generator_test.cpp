#include <doctest/doctest.h>

#include <set>
#include <string>

#include "sim/config/yaml.hpp"
#include "traces/generators.hpp"
#include "traces/summary.hpp"
#include "traces/validate.hpp"

using namespace tiersim;
using namespace tiersim::traces;

namespace {

ChatWorkload read(const std::string& yaml, Diagnostics& diagnostics) {
  const config::Value map = config::parse_yaml(yaml, "chat.yaml", diagnostics);
  config::Fields fields(map, "generator 'chat'", diagnostics);
  return read_chat_workload(fields);
}

}  // namespace

TEST_CASE("does the default chat keep the promises of a trace and of its workload?") {
  const ChatWorkload workload;
  const Trace trace = generate_chat(workload, 1);
  CHECK(validate(trace).empty());
  const TraceSummary s = summarise(trace);
  CHECK(s.requests == 10'000);
  CHECK(trace.columns().arrival.back() == doctest::Approx(2000e9).epsilon(2e-4));
  CHECK(s.output_tokens.mean == doctest::Approx(250).epsilon(0.03));
  CHECK(s.prompt_tokens.max <= 32'000);
  CHECK(s.sessions.turns.mean == doctest::Approx(4.6).epsilon(0.1));
  CHECK(s.best_token_reuse() > 0.7);
  CHECK(trace.origin().format == "chat");
  CHECK(trace.origin().path.empty());
}

TEST_CASE("does a turn extend the one before it, after its assumed service and think time?") {
  const Trace trace = generate_chat({}, 2);
  for (std::size_t i = 0; i < trace.size(); ++i) {
    const RequestId r(i);
    if (trace.previous(r) == kNoRequest) continue;
    const RequestId before(trace.previous(r));
    const std::uint32_t sequence = trace.prompt_tokens(before) + trace.output_tokens(before);
    REQUIRE(trace.prompt_tokens(r) > sequence);
    REQUIRE(trace.identified_tokens(before) == sequence);
    const Duration service(500'000'000 + 20'000'000 * std::int64_t{trace.output_tokens(before)});
    REQUIRE(trace.arrival(r) == trace.arrival(before) + service + trace.think_time(r));
    std::uint64_t shared = 0;  // leading extents agree; the last of `before` may have grown
    const auto mine = trace.extents(r), theirs = trace.extents(before);
    for (std::size_t e = 0; e < theirs.size(); ++e) {
      REQUIRE(mine[e].first == theirs[e].first);
      REQUIRE(mine[e].count >= theirs[e].count);
      shared += theirs[e].count;
    }
    REQUIRE(shared == (sequence + 15) / 16);
  }
}

TEST_CASE("is a workload a function of its seed?") {
  CHECK(generate_chat({}, 5).origin().hash == generate_chat({}, 5).origin().hash);
  CHECK(generate_chat({}, 5).origin().hash != generate_chat({}, 6).origin().hash);
}

TEST_CASE("do corners of the parameters still make exactly the requests asked for, at the rate asked for?") {
  std::vector<ChatWorkload> corners(9);
  corners[0].requests = 1;
  corners[1].rate = 5000;  // over before the first second turns arrive
  corners[2].turns = 1;
  corners[3].turns = 1000;
  corners[4].burst_share = 0;
  corners[5].burst_share = 1;
  corners[6].block = Tokens(100'000);
  corners[7].max_prompt = Tokens(2);
  corners[8].think_time = Duration(0);
  for (ChatWorkload& w : corners) {
    w.requests = std::min<std::int64_t>(w.requests, 2000);
    const Trace trace = generate_chat(w, 9);
    CHECK(static_cast<std::int64_t>(trace.size()) == w.requests);
    CHECK(validate(trace).empty());
    const double horizon = static_cast<double>(w.requests) / w.rate * 1e9;
    CHECK(static_cast<double>(trace.columns().arrival.back()) == doctest::Approx(horizon).epsilon(2e-4));
  }
}

TEST_CASE("do bursts make arrivals burstier?") {
  ChatWorkload calm;
  calm.burst_share = 0;
  calm.turns = 1;
  ChatWorkload bursty = calm;
  bursty.burst_share = 0.05;
  bursty.burst_factor = 15;
  CHECK(summarise(generate_chat(calm, 1)).arrivals.burstiness == doctest::Approx(1).epsilon(0.03));
  CHECK(summarise(generate_chat(bursty, 1)).arrivals.burstiness > 1.5);
}

TEST_CASE("are the keys of a chat read, with units, and mistakes met?") {
  Diagnostics good;
  const ChatWorkload w =
      read("{requests: 50, rate: 2/s, think_time: 5 s, block: 64 tokens, burst_factor: 3x, turns: 2}", good);
  CHECK(good.render() == "");
  CHECK(w.requests == 50);
  CHECK(w.rate == 2);
  CHECK(w.think_time == Duration(5'000'000'000));
  CHECK(w.block == Tokens(64));
  CHECK(w.burst_factor == 3);

  Diagnostics bad;
  (void)read("{requests: 0, rate: -1/s, turns: 0.5, burst_shar: 0.1, block: 0 tokens}", bad);
  CHECK(bad.all().size() == 5);
  Diagnostics together;
  (void)read("{requests: 100000000, block: 1 tokens, rate: 0.5/s, burst_length: 1 us}", together);
  CHECK(together.all().size() == 3);
}
