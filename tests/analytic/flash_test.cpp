// Drives by their insides: flows against the closed forms, the figures those of MQSim's default device.
#include <doctest/doctest.h>

#include "hw/flash_geometry.hpp"
#include "tests/support/flows.hpp"
#include "tests/support/machine_files.hpp"

using namespace tiersim;
using namespace tiersim::test;
using namespace tiersim::literals;

namespace {

constexpr double kMostOff = 0.05;

/// MQSim's default device with some keys of its flash or its own changed.
hw::Topology mqsim(const std::vector<std::pair<std::string, std::string>>& flash,
                   const std::vector<std::pair<std::string, std::string>>& drive = {}) {
  config::Value map = device_file("mqsim-default");
  for (const auto& [key, value] : flash) *map.find("flash")->find(key) = config::scalar(value);
  for (const auto& [key, value] : drive) *map.find(key) = config::scalar(value);
  Diagnostics diagnostics;
  config::Fields fields(map, "drive", diagnostics);
  hw::MachineSpec machine;
  machine.storage.push_back(hw::read_drive(fields));
  CHECK(diagnostics.render() == "");
  return hw::Topology(machine);
}

double read_rate(const hw::Topology& topology, std::int64_t bytes, std::int64_t count) {
  return rate_of(topology, fragments(topology.route(topology.storage(0), hw::PlaceId(0)), bytes, count));
}
double write_rate(const hw::Topology& topology, std::int64_t bytes, std::int64_t count) {
  return rate_of(topology, fragments(topology.route(hw::PlaceId(0), topology.storage(0)), bytes, count));
}

/// Channels and an interface that bind nothing.
const std::vector<std::pair<std::string, std::string>> kWide = {{"channel_rate", "33.3 GB/s"},
                                                                {"interface", "900 GB/s"}};
const std::vector<std::pair<std::string, std::string>> kWideOnePlane = {
    {"channel_rate", "33.3 GB/s"}, {"interface", "900 GB/s"}, {"planes", "1"}, {"blocks", "4096"}};

}  // namespace

TEST_CASE("do large reads of MQSim's default device reach its bus, 2.66 GB/s?") {
  CHECK(read_rate(mqsim({}), 1 << 20, 100'000) == doctest::Approx(2.66e9).epsilon(kMostOff));
}

TEST_CASE("do its dies read 14.0 GB/s with two planes and 7.0 with one, where the bus lets them?") {
  CHECK(read_rate(mqsim(kWide), 1 << 20, 100'000) == doctest::Approx(14.0e9).epsilon(kMostOff));
  CHECK(read_rate(mqsim(kWideOnePlane), 1 << 20, 100'000) == doctest::Approx(7.0e9).epsilon(kMostOff));
}

TEST_CASE("do long writes end at the rate of its programs, 1.40 GB/s with two planes and 0.70 with one?") {
  CHECK(write_rate(mqsim({}), 1 << 20, 200'000) == doctest::Approx(1.40e9).epsilon(kMostOff));
  CHECK(write_rate(mqsim({{"planes", "1"}, {"blocks", "4096"}}), 1 << 20, 200'000) ==
        doctest::Approx(0.70e9).epsilon(kMostOff));
}

TEST_CASE("does a read of one page at depth 1 take 99.6 us?") {
  const hw::Topology topology = mqsim({}, {{"queue_depth", "1"}});
  CHECK(8192 / read_rate(topology, 8192, 1) == doctest::Approx(99.6e-6).epsilon(kMostOff));
  CHECK(8192 / read_rate(topology, 8192, 10'000) == doctest::Approx(99.6e-6).epsilon(kMostOff));
}

TEST_CASE("do random reads of 4 KiB reach 853 thousand a second by its dies and 650 by its bus?") {
  CHECK(read_rate(mqsim(kWide), 4096, 10'000'000) / 4096 == doctest::Approx(853e3).epsilon(kMostOff));
  CHECK(read_rate(mqsim({}), 4096, 10'000'000) / 4096 == doctest::Approx(650e3).epsilon(kMostOff));
}

TEST_CASE("do small reads move whole pages of the flash, and only what was asked for on the bus?") {
  const hw::Topology topology = mqsim(kWide);
  TransferEngine engine(topology);
  engine.start(fragments(topology.route(topology.storage(0), hw::PlaceId(0)), 4096, 1000), Time(0));
  engine.start(fragments(topology.route(topology.storage(0), hw::PlaceId(0)), 8193, 1000), Time(0));
  std::vector<EndedFlow> ended;
  while (engine.live() > 0) engine.advance(engine.next_event(), ended);
  CHECK(engine.use()[0].bytes == Bytes(1000 * (4096 + 8193)));
  CHECK(engine.use()[0].device == Bytes(1000 * (8192 + 2 * 8192)));
}

TEST_CASE("does one large read spread over the channels?") {
  // 16 pages over 8 channels: two pages a channel.
  const hw::Topology topology = mqsim({}, {{"queue_depth", "1"}});
  const double expected = 75e-6 + 2 * 8192 / 333e6;
  CHECK(16 * 8192 / read_rate(topology, 16 * 8192, 1) == doctest::Approx(expected).epsilon(1e-3));
}

TEST_CASE("does random garbage collection leave (2 rho) / (1 + rho) of the programs?") {
  for (const double spare : {0.07, 0.28}) {
    CHECK(hw::random_write_amplification(spare) == doctest::Approx((1 + spare) / (2 * spare)));
  }
  CHECK(hw::random_write_amplification(0.07) == doctest::Approx(7.6).epsilon(0.01));
  CHECK(hw::random_write_amplification(0.28) == doctest::Approx(2.3).epsilon(0.01));
  const double rho = 549'755'813'888.0 / 511e9 - 1;
  const double random = write_rate(mqsim({}, {{"stream_aware", "false"}}), 1 << 20, 400'000);
  CHECK(random == doctest::Approx(1.37e9 * 2 * rho / (1 + rho)).epsilon(0.02));
}
