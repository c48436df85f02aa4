// When requests come, under each kind of load.
#include "sim/serving/arrivals.hpp"

#include <doctest/doctest.h>

#include "tests/support/small_system.hpp"

using namespace tiersim;
using namespace tiersim::literals;
using tests::make_trace;

namespace {

std::vector<std::int64_t> times(const Arrivals& arrivals) {
  std::vector<std::int64_t> out;
  for (const Arrival& a : arrivals.scheduled()) out.push_back(a.time.value());
  return out;
}

const traces::Trace& three() {
  static const traces::Trace trace = make_trace({{.arrival = 0}, {.arrival = 100}, {.arrival = 301}});
  return trace;
}

traces::Trace many(std::size_t n) { return make_trace(std::vector<tests::SmallRequest>(n)); }

/// What the end of a request brings.
std::vector<Arrival> after(Arrivals& arrivals, int ended, std::int64_t now) {
  std::vector<Arrival> out;
  arrivals.after(RequestId(ended), Time(now), out);
  return out;
}

void check_one(const std::vector<Arrival>& found, std::int64_t time, int request) {
  REQUIRE(found.size() == 1);
  CHECK(found[0].time == Time(time));
  CHECK(found[0].request == RequestId(request));
}

void check_sorted(const Arrivals& arrivals) {
  const auto& list = arrivals.scheduled();
  for (std::size_t i = 1; i < list.size(); ++i)
    CHECK((list[i - 1].time < list[i].time ||
           (list[i - 1].time == list[i].time && list[i - 1].request < list[i].request)));
}

}  // namespace

TEST_CASE("does an open loop play the trace's times, at its rate?") {
  CHECK(times(Arrivals(three(), {})) == std::vector<std::int64_t>{0, 100, 301});
  CHECK(times(Arrivals(three(), {.rate = 2})) == std::vector<std::int64_t>{0, 50, 151});  // 150.5 to the nearest
  CHECK(times(Arrivals(three(), {.rate = 0.5})) == std::vector<std::int64_t>{0, 200, 602});
  Arrivals open(three(), {});
  CHECK(after(open, 0, 5).empty());
  CHECK(open.last() == Time(301));
}

TEST_CASE("does jitter move each arrival within its grid, and keep the order by time and id?") {
  const traces::Trace trace = many(5000);  // all at 0
  const LoadSettings load{.jitter = 1_us};
  const Arrivals arrivals(trace, load);
  check_sorted(arrivals);
  std::vector<int> seen(trace.size());
  double sum = 0;
  for (const Arrival& a : arrivals.scheduled()) {
    CHECK(a.time >= Time(0));
    CHECK(a.time < Time(1000));
    ++seen[a.request.index()];
    sum += static_cast<double>(a.time.value());
  }
  for (int n : seen) CHECK(n == 1);
  CHECK(sum / 5000 == doctest::Approx(500).epsilon(0.02));
  CHECK(times(arrivals) == times(Arrivals(trace, load)));
  CHECK(times(arrivals) != times(Arrivals(trace, {.jitter = 1_us, .seed = 2})));
}

TEST_CASE("are Poisson gaps exponential with the given rate, in the trace's order?") {
  const traces::Trace trace = many(100'000);
  const Arrivals arrivals(trace, {.kind = LoadKind::poisson, .per_second = 1000});
  const auto& list = arrivals.scheduled();
  REQUIRE(list.size() == 100'000);
  double sum = 0, squares = 0, short_gaps = 0;
  Time before;
  for (std::size_t i = 0; i < list.size(); ++i) {
    CHECK(list[i].request == RequestId(i));
    const double gap = static_cast<double>((list[i].time - before).value());
    sum += gap, squares += gap * gap, short_gaps += gap < 693'147;
    before = list[i].time;
  }
  CHECK(sum / 1e5 == doctest::Approx(1e6).epsilon(0.01));         // the mean is 1 ms
  CHECK(squares / 1e5 == doctest::Approx(2e12).epsilon(0.03));    // its second moment twice the square
  CHECK(short_gaps / 1e5 == doctest::Approx(0.5).epsilon(0.01));  // the median is ln 2
  CHECK(arrivals.last() == list.back().time);
  CHECK(times(arrivals) == times(Arrivals(trace, {.kind = LoadKind::poisson, .per_second = 1000})));
}

TEST_CASE("does fixed concurrency start a request whenever one ends, until none is left?") {
  Arrivals arrivals(three(), {.kind = LoadKind::concurrency, .concurrency = 2});
  CHECK(times(arrivals) == std::vector<std::int64_t>{0, 0});
  CHECK(arrivals.last() == Time::never());
  check_one(after(arrivals, 1, 77), 77, 2);
  CHECK(after(arrivals, 0, 78).empty());
  CHECK(times(Arrivals(three(), {.kind = LoadKind::concurrency, .concurrency = 9})).size() == 3);
}

TEST_CASE("do later turns of a session come after the answer and the think time?") {
  const traces::Trace trace = make_trace({{.arrival = 0},
                                          {.arrival = 10, .previous = 0, .think_time = 500},
                                          {.arrival = 20},
                                          {.arrival = 40, .previous = 1, .think_time = 0}});
  Arrivals arrivals(trace, {.kind = LoadKind::sessions, .rate = 2});
  CHECK(times(arrivals) == std::vector<std::int64_t>{0, 10});
  CHECK(arrivals.last() == Time::never());
  check_one(after(arrivals, 0, 1000), 1500, 1);
  check_one(after(arrivals, 1, 3000), 3000, 3);
  CHECK(after(arrivals, 2, 9).empty());
  CHECK(after(arrivals, 3, 9).empty());
}

TEST_CASE("do all turns come that follow the same one?") {
  const traces::Trace trace = make_trace({{.arrival = 0},
                                          {.arrival = 10, .previous = 0, .think_time = 500},
                                          {.arrival = 20, .previous = 0, .think_time = 20}});
  Arrivals arrivals(trace, {.kind = LoadKind::sessions});
  std::vector<Arrival> next = after(arrivals, 0, 1000);
  REQUIRE(next.size() == 2);
  if (next[1].request < next[0].request) std::swap(next[0], next[1]);
  check_one({next[0]}, 1500, 1);
  check_one({next[1]}, 1020, 2);
}
