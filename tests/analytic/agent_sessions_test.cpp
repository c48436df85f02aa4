// Sessions of agents closed loop, their times worked out by hand to the nanosecond: the sample sessions on the
// metronome, where every step takes 1 us and a request's tokens come one a step.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/scenarios.hpp"
#include "tests/support/small_system.hpp"
#include "tests/support/trace_files.hpp"

using namespace tiersim;
using namespace tiersim::literals;
using namespace tiersim::tests;

namespace {

ServingOutcome outcome_under(const LoadSettings& load) {
  ServingSettings settings = metronome_settings(1_us);
  settings.block = 64_tok;
  settings.load = load;
  Diagnostics diagnostics;
  return outcome_of(settings, read_trace(sample("kv-cache-tester"), "kv-cache-tester", diagnostics));
}

void check_times(const RequestOutcome& r, Duration arrival, Duration last) {
  CHECK(r.arrival == Time(arrival.value()));
  CHECK(r.last_token == Time(last.value()));
}

}  // namespace

TEST_CASE("does a sub-agent begin after its parent's answer, and its parent go on without it?") {
  const ServingOutcome out = outcome_under({.kind = LoadKind::sessions});
  const auto& r = out.requests;
  check_times(r[0], 0_ns, 20_us);                     // 20 tokens
  check_times(r[1], 1'000'020_us, 1'000'025_us);      // the sub-agent, 1 s later: 5 tokens
  check_times(r[2], 2'500'020_us, 2'500'021_us);      // its parent, after 2.5 s of thought
  check_times(r[3], 4'000'025_us, 4'000'032_us);      // the sub-agent again, 3 s after its own answer
  check_times(r[4], 57'750'021_us, 57'750'032_us);    // and its parent, 55.25 s after its own
  check_times(r[5], 900'000'000_us, 900'000'003_us);  // the second session
  check_times(r[6], 901'000'003_us, 901'000'012_us);
  CHECK(r[4].first.tier[0] == 128);  // two blocks of 64 tokens of the turn before are still there
}

TEST_CASE("does fixed concurrency take the requests of a tree in the trace's order, whatever they follow?") {
  const ServingOutcome out = outcome_under({.kind = LoadKind::concurrency, .concurrency = 2});
  const auto& r = out.requests;
  check_times(r[0], 0_us, 20_us);
  check_times(r[1], 0_us, 5_us);
  check_times(r[2], 5_us, 6_us);
  check_times(r[3], 6_us, 13_us);
  check_times(r[4], 13_us, 24_us);
  check_times(r[5], 20_us, 23_us);
  check_times(r[6], 23_us, 32_us);
}

TEST_CASE("does a turn whose sub-agent can never fit go on all the same?") {
  // The sub-agent's first request is rejected when it comes, which counts as its end.
  const traces::Trace trace = make_trace({{.arrival = 0, .prompt = 10, .output = 3},
                                          {.arrival = 5, .prompt = 2000, .previous = 0, .think_time = 100},
                                          {.arrival = 5, .prompt = 10, .output = 2, .previous = 0, .think_time = 700},
                                          {.arrival = 9, .prompt = 10, .output = 2, .previous = 1, .think_time = 50}});
  ServingSettings settings = metronome_settings(1_us, 100);
  settings.load.kind = LoadKind::sessions;
  const ServingOutcome out = outcome_of(settings, trace);
  check_times(out.requests[0], 0_us, 3_us);
  CHECK(out.requests[1].arrival == Time(3'100));
  check_times(out.requests[3], 3'150_ns, 5'150_ns);
  check_times(out.requests[2], 3'700_ns, 6'150_ns);  // joins at the step's end
}
