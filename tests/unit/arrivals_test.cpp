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
  CHECK_FALSE(open.after(RequestId(0), Time(5)).has_value());
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
  CHECK(sum / 1e5 == doctest::Approx(1e6).epsilon(0.01));              // the mean is 1 ms
  CHECK(squares / 1e5 == doctest::Approx(2e12).epsilon(0.03));         // its second moment twice the square
  CHECK(short_gaps / 1e5 == doctest::Approx(0.5).epsilon(0.01));       // the median is ln 2
  CHECK(arrivals.last() == list.back().time);
  CHECK(times(arrivals) == times(Arrivals(trace, {.kind = LoadKind::poisson, .per_second = 1000})));
}

TEST_CASE("does fixed concurrency start a request whenever one ends, until none is left?") {
  Arrivals arrivals(three(), {.kind = LoadKind::concurrency, .concurrency = 2});
  CHECK(times(arrivals) == std::vector<std::int64_t>{0, 0});
  CHECK(arrivals.last() == Time::never());
  const auto next = arrivals.after(RequestId(1), Time(77));
  REQUIRE(next.has_value());
  CHECK(next->time == Time(77));
  CHECK(next->request == RequestId(2));
  CHECK_FALSE(arrivals.after(RequestId(0), Time(78)).has_value());
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
  const auto second = arrivals.after(RequestId(0), Time(1000));
  REQUIRE(second.has_value());
  CHECK(second->request == RequestId(1));
  CHECK(second->time == Time(1500));
  CHECK(arrivals.after(RequestId(1), Time(3000))->time == Time(3000));
  CHECK_FALSE(arrivals.after(RequestId(2), Time(9)).has_value());
  CHECK_FALSE(arrivals.after(RequestId(3), Time(9)).has_value());
}
