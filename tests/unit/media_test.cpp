// The keys of what lies behind a drive's link: what they resolve to, and what is wrong with them.
#include <doctest/doctest.h>

#include "hw/flash_geometry.hpp"
#include "hw/topology.hpp"
#include "tests/support/machine_files.hpp"

using namespace tiersim;
using namespace tiersim::test;
using namespace tiersim::literals;

namespace {

const std::string kFlash =
    "flash: {channels: 8, chips: 4, dies: 2, planes: 2, blocks: 2048, pages: 256, page: 8 KiB, channel_rate: 333 MB/s, "
    "read_time: 75 us, program_time: 750 us, erase_time: 3.8 ms}";

/// A machine with one drive, written in place.
MachineReading with_drive(const std::string& drive, const std::string& entry = "") {
  return MachineReading(yaml_text(kSmall + "storage: [{name: ssd, drive: {" + drive + "}" + entry + "}]\n"));
}

const std::string kSheet = "capacity: 1 TB, read: 7 GB/s, write: 5 GB/s, latency: 60 us";

void check_says(const MachineReading& reading, const std::string& text) {
  CAPTURE(reading.diagnostics.render());
  CHECK(reading.says(text));
}

}  // namespace

TEST_CASE("does a drive without these keys have no media, and show none?") {
  const MachineReading reading = with_drive(kSheet);
  CHECK(reading.diagnostics.render() == "");
  CHECK_FALSE(reading.machine.storage[0].link.media.modelled());
  CHECK(hw::Topology(reading.machine).media().empty());
  CHECK(config::to_yaml(reading.resolved).find("program") == std::string::npos);
}

TEST_CASE("does one key make the rest what the link is?") {
  const hw::MediaSpec media = with_drive(kSheet + ", page: 16 KiB").machine.storage[0].link.media;
  CHECK(media.page == 16_KiB);
  CHECK(media.array == 7_GBps);
  CHECK(media.program == 5_GBps);
  CHECK(media.write_amplification == 1);
  CHECK(media.steady_write() == 5_GBps);
}

TEST_CASE("are several drives so many times as fast behind their link, and do they bear so many times the writes?") {
  const MachineReading reading =
      with_drive(kSheet +
                     ", program: 2 GB/s, write_cache: 10 GB, write_latency: 15 us, over_provisioning: 25%, "
                     "endurance: 600 TB",
                 ", drives: 4");
  CHECK(reading.diagnostics.render() == "");
  const hw::StorageSpec& ssd = reading.machine.storage[0];
  CHECK(ssd.link.media.array == 28_GBps);
  CHECK(ssd.link.media.program == 8_GBps);
  CHECK(ssd.link.media.cache == 40_GB);
  CHECK(ssd.link.media.write_amplification == 2.5);
  CHECK(ssd.endurance == Bytes(2'400'000'000'000'000));
  const hw::Topology topology(reading.machine);
  CHECK(topology.links()[3].latency == 15_us);
  CHECK(topology.links()[2].latency == 60_us);
  const MachineReading again(yaml_text(config::to_yaml(reading.resolved)));
  CHECK(again.diagnostics.render() == "");
  CHECK(again.machine.storage[0].link.media.write_amplification == 2.5);
  CHECK(again.machine.storage[0].endurance == ssd.endurance);
  CHECK(config::to_yaml(again.resolved) == config::to_yaml(reading.resolved));
}

TEST_CASE("are drive writes a day the bytes of the warranty's five years?") {
  const auto of = [](const std::string& keys) { return with_drive(kSheet + keys).machine.storage[0].endurance; };
  CHECK(of(", drive_writes_per_day: 1") == Bytes(1'825'000'000'000'000));
  CHECK(of(", drive_writes_per_day: 3, warranty_years: 1") == Bytes(1'095'000'000'000'000));
  CHECK(of("") == 0_B);
}

TEST_CASE("are writes of streams not amplified?") {
  const auto of = [](const std::string& keys) {
    return with_drive(kSheet + keys).machine.storage[0].link.media.write_amplification;
  };
  CHECK(of(", over_provisioning: 7%") == doctest::Approx(7.64).epsilon(0.001));
  CHECK(of(", over_provisioning: 7%, stream_aware: false") == doctest::Approx(7.64).epsilon(0.001));
  CHECK(of(", over_provisioning: 7%, stream_aware: true") == 1);
  CHECK(of(", write_amplification: 1.1") == 1.1);
}

TEST_CASE("do a drive's insides give its caps, and give way to what it states?") {
  const hw::LinkSpec own = with_drive("capacity: 511 GB, " + kFlash).machine.storage[0].link;
  CHECK(own.bandwidth.value() == doctest::Approx(8 * 333e6));
  CHECK(own.bandwidth_down == own.media.program);
  CHECK(own.read_iops == doctest::Approx(64 / 75e-6));
  CHECK(own.latency == 75_us);
  CHECK(own.media.write_latency == 750_us);
  const MachineReading near = with_drive("capacity: 511 GB, read: 2.6 GB/s, " + kFlash);
  CHECK(near.diagnostics.render() == "");
  CHECK(near.machine.storage[0].link.bandwidth.value() == 2.6e9);
}

TEST_CASE(
    "is a drive that contradicts its insides by more than 5% told, and one with more bytes than they have wrong?") {
  const MachineReading off = with_drive("capacity: 511 GB, read: 3.2 GB/s, " + kFlash);
  CHECK_FALSE(off.diagnostics.has_errors());
  check_says(off, "'read' in drive of storage 1 of machine is not what its 'flash' gives: 2664 MB/s");
  check_says(with_drive("capacity: 511 GB, read_iops: 100000/s, " + kFlash), "'read_iops'");
  check_says(with_drive("capacity: 511 GB, over_provisioning: 28%, " + kFlash), "'over_provisioning'");
  const MachineReading more = with_drive("capacity: 1 TB, " + kFlash);
  CHECK(more.diagnostics.has_errors());
  check_says(more, "'capacity' in drive of storage 1 of machine is 1 TB, but its 'flash' has 512 GiB");
}

TEST_CASE("does memory over a network or over NVLink read back from its resolved form?") {
  const MachineReading first(
      yaml_text("name: m\ngpu: h100-sxm\n"
                "gpu_link: {h2d: 55 GB/s, d2h: 55 GB/s, latency: 5 us, host_memory: pageable, "
                "staging: 8 GB/s}\n"
                "storage:\n"
                "  - {name: remote, capacity: 1 TB, nic: efa-200g, nics: 16}\n"
                "  - {name: peer, capacity: 40 GB, over: nvlink, read: 300 GB/s, "
                "write: 300 GB/s, latency: 10 us}\n"));
  CHECK(first.diagnostics.render() == "");
  CHECK(first.machine.storage.at(0).link.read_iops == 16 * 93e3);
  CHECK(first.machine.storage.at(0).link.bandwidth.value() == doctest::Approx(364e9));
  CHECK(first.machine.storage.at(1).over_nvlink);
  CHECK(first.machine.gpu_link.staging == 8_GBps);
  const MachineReading second(yaml_text(config::to_yaml(first.resolved)));
  CHECK(second.diagnostics.render() == "");
  CHECK(second.devices.empty());
  CHECK(config::to_yaml(second.resolved) == config::to_yaml(first.resolved));
}

TEST_CASE("is bad input about media told precisely?") {
  check_says(with_drive(kSheet + ", page: 0 B"), "out of range");
  check_says(with_drive(kSheet + ", program: 0 GB/s"), "out of range");
  check_says(with_drive(kSheet + ", endurance: 0 TB"), "out of range");
  check_says(with_drive(kSheet + ", write_amplification: 0.5"), "out of range");
  check_says(with_drive(kSheet + ", over_provisioning: 0%"), "out of range");
  check_says(with_drive(kSheet + ", over_provisioning: 7%, write_amplification: 2"),
             "'write_amplification' excludes 'over_provisioning' and 'stream_aware'");
  check_says(with_drive(kSheet + ", write_cache: 1 GB, write_latency: 9 us"), "'write_cache' without 'program'");
  check_says(with_drive(kSheet + ", write_latency: 0 us"), "out of range");
  check_says(with_drive(kSheet + ", program: 1 GB/s, write_cache: 2 TB, write_latency: 9 us"),
             "'write_cache' in drive of storage 1 of machine is 2 TB, more than the 1 TB of the drive");
  check_says(with_drive(kSheet + ", endurance: 1 TB, drive_writes_per_day: 1"), "exclude each other");
  check_says(with_drive("capacity: 1 GB, flash: {channels: 0}"), "out of range");
  std::string vast = kFlash;
  vast.replace(vast.find("2048"), 4, "16000000");
  vast.replace(vast.find("256"), 3, "16000000");
  check_says(with_drive("capacity: 1 GB, " + vast), "at most 1e+18 are supported");
  check_says(with_drive("capacity: 1 GB, flash: {}"), "missing key 'channels' in flash of drive");
  check_says(with_drive("capacity: 1 GB, flash: {channels: 8, page: 0 B}"), "out of range");
  CHECK_FALSE(with_drive("capacity: 1 GB, flash: {}").says("missing key 'read'"));
  const MachineReading peer(yaml_text(kSmall + "storage: [{name: p, capacity: 1 GB, over: nvlink, read: 1 GB/s, "
                                               "write: 1 GB/s, latency: 1 us}]\n"));
  check_says(peer, "'over: nvlink' in storage 1 of machine, but rtx-4090 has no NVLink");
}
