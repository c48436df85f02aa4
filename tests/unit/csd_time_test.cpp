// The time of an operation inside a computational storage drive, worked out by hand.
#include "hw/csd_time.hpp"

#include <doctest/doctest.h>

#include "tests/support/machine_files.hpp"

using namespace tiersim;
using namespace tiersim::test;
using namespace tiersim::literals;

namespace {

hw::EngineSpec engine() {
  hw::EngineSpec e;
  e.count = 1;
  e.channels = 8;
  e.channel_bandwidth = BytesPerSecond(1.4e9);
  e.compute = FlopsPerSecond(12.7e9);
  e.filter_bandwidth = BytesPerSecond(7.4e9);
  e.softmax_rate = 1e9;
  e.memory_bandwidth = 19_GBps;
  e.p2p_bandwidth = 7_GBps;
  e.command_latency = 20_us;
  return e;
}

hw::EngineSpec instinfer() {
  Diagnostics diagnostics;
  const config::Value map = device_file("instinfer-csd-2tb");
  config::Fields fields(map, "csd", diagnostics);
  return hw::read_drive(fields).engine;
}

double milliseconds(const hw::EngineSpec& e, const hw::InStorageWork& work) {
  return hw::in_storage_time(e, work).value() * 1e3;
}

}  // namespace

TEST_CASE("is an operation as slow as the slowest of its stages, and its result comes after it?") {
  const hw::EngineSpec e = engine();
  CHECK(milliseconds(e, {}) == doctest::Approx(0.02));
  CHECK(milliseconds(e, {.flash = 1120_MB}) == doctest::Approx(0.02 + 100));
  CHECK(milliseconds(e, {.flash = 1120_MB, .filtered = 740_MB}) == doctest::Approx(0.02 + 100));
  CHECK(milliseconds(e, {.flash = 1120_MB, .filtered = 1480_MB}) == doctest::Approx(0.02 + 200));
  CHECK(milliseconds(e, {.flash = 1120_MB, .compute = Flops(2.54e9)}) == doctest::Approx(0.02 + 200));
  CHECK(milliseconds(e, {.flash = 1120_MB, .softmax_elements = 3e8}) == doctest::Approx(0.02 + 300));
  CHECK(milliseconds(e, {.flash = 1120_MB, .memory = 7600_MB}) == doctest::Approx(0.02 + 400));
  CHECK(milliseconds(e, {.flash = 1120_MB, .result = 70_MB}) == doctest::Approx(0.02 + 100 + 10));
}

TEST_CASE("do several engines share the work, and does a rate that is not stated bound nothing?") {
  hw::EngineSpec e = engine();
  e.count = 4;
  CHECK(milliseconds(e, {.flash = 1120_MB, .result = 70_MB}) == doctest::Approx(0.02 + 27.5));
  e.softmax_rate = 0;
  e.p2p_bandwidth = BytesPerSecond(0);
  CHECK(milliseconds(e, {.flash = 1120_MB, .softmax_elements = 1e30, .result = 70_MB}) == doctest::Approx(25.02));
}

TEST_CASE("do InstInfer's channels read 11.2 GB/s inside, more than the 7 of its way out?") {
  hw::EngineSpec e = instinfer();
  CHECK(e.internal_bandwidth().value() == doctest::Approx(0.684 * 11.2e9).epsilon(0.01));
  CHECK(milliseconds(e, {.flash = Bytes(7'616'000'000)}) == doctest::Approx(1000).epsilon(0.001));
  e.channel_efficiency = 1;
  CHECK(e.internal_bandwidth().value() == doctest::Approx(11.2e9));
  CHECK(hw::in_storage_gain(e, e.p2p_bandwidth) == doctest::Approx(1.6));
}

TEST_CASE("does a drive win iff its channels times their efficiency exceed the way out?") {
  hw::EngineSpec e = engine();
  for (const double efficiency : {0.5, 0.6, 0.65, 0.7, 1.0}) {
    e.channel_efficiency = efficiency;
    e.command_latency = 0_us;
    const double inside = hw::in_storage_time(e, {.flash = 10_GB}).value();
    const double outside = 10e9 / 7e9;
    CHECK((hw::in_storage_gain(e, 7_GBps) > 1) == (inside < outside));
    CHECK((hw::in_storage_gain(e, 7_GBps) > 1) == (11.2 * efficiency > 7));
  }
  // What the host's file system leaves of the way out, 1.3 to 2.0 GB/s, makes the published gains.
  e.channel_efficiency = 1;
  CHECK(hw::in_storage_gain(e, BytesPerSecond(1.3e9)) == doctest::Approx(8.6).epsilon(0.01));
  CHECK(hw::in_storage_gain(e, BytesPerSecond(2.0e9)) == doctest::Approx(5.6).epsilon(0.01));
}

TEST_CASE("do 20 drives speed up by 8.99 where they share 93.6% of the time, and by 7.29 at 90.8% (Amdahl)?") {
  CHECK(hw::drives_speed_up(0.936, 20) == doctest::Approx(8.99).epsilon(0.01));
  CHECK(hw::drives_speed_up(0.908, 20) == doctest::Approx(7.29).epsilon(0.01));
  CHECK(hw::drives_speed_up(0.5, 1) == 1);
}
