// A replica with one seat and constant service is an M/D/1 queue: its waits against Pollaczek and Khinchine.
#include <doctest/doctest.h>

#include "tests/support/scenarios.hpp"
#include "tests/support/small_system.hpp"

using namespace tiersim;
using namespace tiersim::literals;
using namespace tiersim::tests;

namespace {

constexpr double kService = 1e6;  // ns

/// One token from a prompt of 100, one request at a time; `load` of the server's time is asked for.
std::vector<RequestOutcome> serve(double load, std::size_t requests) {
  ServingSettings s = metronome_settings(1_ms, 16);
  s.engine.max_sequences = 1;
  s.sample_every = Duration(1'000'000'000'000);
  s.load = {.kind = LoadKind::poisson, .per_second = load * 1e9 / kService, .seed = 1};
  return outcome_of(s, make_trace(std::vector<SmallRequest>(requests, {.prompt = 100}))).requests;
}

double mean_wait(const std::vector<RequestOutcome>& requests) {
  double sum = 0;
  for (const RequestOutcome& r : requests) sum += static_cast<double>((r.scheduled - r.arrival).value());
  return sum / static_cast<double>(requests.size());
}

}  // namespace

TEST_CASE("is every request served in turn for the same time?") {
  Time free_at;
  for (const RequestOutcome& r : serve(0.7, 20'000)) {  // Lindley's recursion, to the nanosecond
    const Time begin = std::max(free_at, r.arrival);
    CHECK(r.scheduled == begin);
    CHECK(r.first_token == begin + 1_ms);
    free_at = r.first_token;
  }
}

TEST_CASE("is the mean wait that of an M/D/1 queue within 2%?") {
  // Relative standard errors of these means are about 0.4% and 0.9%.
  for (const auto& [load, requests] : {std::pair(0.5, std::size_t{400'000}), std::pair(0.7, std::size_t{500'000})}) {
    const double expected = load * kService / (2 * (1 - load));
    const double found = mean_wait(serve(load, requests));
    CAPTURE(load);
    MESSAGE("mean wait " << found * 1e-6 << " ms at load " << load << ", expected " << expected * 1e-6);
    CHECK(found == doctest::Approx(expected).epsilon(0.02));
  }
}
