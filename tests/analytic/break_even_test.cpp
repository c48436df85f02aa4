// Break-even intervals worked out by hand, and Gray and Putzolu's own five minutes.
#include "sim/replay/break_even.hpp"

#include <doctest/doctest.h>

#include "tests/support/small_system.hpp"

using namespace tiersim;
using namespace tiersim::tests;
using namespace tiersim::literals;

namespace {

/// A block of 1 GB; prices such that a second of it costs 1, 0.1 and 0.01 of a GPU second.
HoldingCosts round_costs() {
  const auto month = [](double gpu_seconds) { return Dollars(gpu_seconds * kHoursAMonth); };
  HoldingCosts costs{1_GB, Seconds(20), DollarsPerHour(1), {}};
  costs.places = {{"hbm", 10_GB, month(1), Seconds(0)},
                  {"dram", 100_GB, month(0.1), Seconds(2)},
                  {"ssd", 1000_GB, month(0.01), Seconds(5)}};
  return costs;
}

double seconds_of(const BreakEven& b) { return in_seconds(b.interval).value(); }

}  // namespace

TEST_CASE("are break-even intervals what is saved over what holding costs a second?") {
  const std::vector<BreakEven> found = break_evens(round_costs());
  struct Expected {
    std::size_t place, instead;
    double seconds;
  };
  const std::vector<Expected> expected = {
      {0, kRecompute, 20 / 1.0},        {0, 1, 2 / 1.0}, {1, kRecompute, (20 - 2) / 0.1}, {1, 2, (5 - 2) / 0.1},
      {2, kRecompute, (20 - 5) / 0.01},
  };
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(found[i].place == expected[i].place);
    CHECK(found[i].instead == expected[i].instead);
    CHECK(seconds_of(found[i]) == doctest::Approx(expected[i].seconds));
  }
}

TEST_CASE("does the cheapest place change where costs of holding and fetching are equal together?") {
  const std::vector<CheapestPlace> found = cheapest_places(round_costs());
  REQUIRE(found.size() == 4);
  CHECK(found[0].place == 0);  // t = 2 + 0.1 t
  CHECK(in_seconds(found[0].up_to).value() == doctest::Approx(2 / 0.9));
  CHECK(found[1].place == 1);  // 2 + 0.1 t = 5 + 0.01 t
  CHECK(in_seconds(found[1].up_to).value() == doctest::Approx(3 / 0.09));
  CHECK(found[2].place == 2);  // 5 + 0.01 t = 20
  CHECK(in_seconds(found[2].up_to).value() == doctest::Approx(1500));
  CHECK(found[3].place == kRecompute);
}

TEST_CASE("does a place that is slower than computing again never pay?") {
  HoldingCosts costs = round_costs();
  costs.recompute = Seconds(4);
  const std::vector<BreakEven> found = break_evens(costs);
  CHECK(found.back().place == 2);
  CHECK(found.back().interval == 0_s);
  const std::vector<CheapestPlace> cheapest = cheapest_places(costs);
  REQUIRE(cheapest.size() == 3);
  CHECK(cheapest[1].place == 1);
  CHECK(in_seconds(cheapest[1].up_to).value() == doctest::Approx((4 - 2) / 0.1));
  CHECK(cheapest[2].place == kRecompute);
}

TEST_CASE("do only places compare where nobody knows what computing again takes?") {
  HoldingCosts costs = round_costs();
  costs.recompute.reset();
  CHECK(break_evens(costs).size() == 2);
  CHECK(cheapest_places(costs).back().place == 2);
}

TEST_CASE("does the five-minute rule come out of its own prices of 1987?") {
  // An access a second costs 2,000 dollars of disc, a megabyte of memory 5,000: 400 s for records of 1 KB. Here both
  // are rents, by the hour: what the disc's access takes of one is an access a second's.
  HoldingCosts costs{1_KB, {}, DollarsPerHour(2000), {}};
  costs.places = {{"memory", 1_GB, Dollars(5000.0 * 1000 * kHoursAMonth), Seconds(0)},
                  {"disc", 1_GB, Dollars(1), Seconds(1)}};
  CHECK(seconds_of(break_evens(costs)[0]) == doctest::Approx(400));
}

TEST_CASE("is a fetch bound by the slower of the storage and the GPUs' own links?") {
  const hw::Topology topology(metronome(4));  // links of 1 byte a nanosecond, an SSD of half of that
  const auto ns = [&](std::size_t storage, std::int64_t gpus) {
    return fetch_time(topology, storage, gpus, {Bytes(4000), 10}).value() * 1e9;
  };
  CHECK(ns(0, 1) == doctest::Approx(4000));
  CHECK(ns(0, 4) == doctest::Approx(4000));  // DRAM gives what one link takes
  CHECK(ns(1, 1) == doctest::Approx(8000));
  CHECK(ns(1, 4) == doctest::Approx(8000));
}
