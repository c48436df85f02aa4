// Links as the shipped devices describe them, run as flows, against published measurements.
#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "tests/support/flows.hpp"
#include "tests/support/machine_files.hpp"

using namespace tiersim;
using namespace tiersim::test;
using namespace tiersim::literals;

namespace {

hw::PlaceId host_of(const hw::Topology& topology) {
  for (std::size_t p = 0; p < topology.places(); ++p)
    if (topology.name(hw::PlaceId(p)) == "host") return hw::PlaceId(p);
  return hw::PlaceId::none();
}

hw::Topology topology_of(const std::string& storage) {
  const MachineReading reading(yaml_text(kSmall + storage));
  CHECK(reading.diagnostics.render() == "");
  return hw::Topology(reading.machine);
}

}  // namespace

TEST_CASE("does PCIe Gen4 reach nvbandwidth's 26 GB/s one way and 18.6 each way when both run?") {
  const hw::Topology topology(MachineReading(machine_file("workstation-rtx4090")).machine);
  const auto down = topology.route(host_of(topology), topology.gpu(0)),
             up = topology.route(topology.gpu(0), host_of(topology));
  const FlowRequest h2d = fragments(down, 512 << 20, 1), d2h = fragments(up, 512 << 20, 1);
  CHECK(std::abs(rate_of(topology, h2d) / 26e9 - 1) < 0.10);
  for (const double end : ends_of(topology, {h2d, d2h})) {
    const double rate = (512 << 20) / end;
    CHECK(std::abs(rate / 18.6e9 - 1) < 0.10);
    CHECK(rate == doctest::Approx(18.6e9).epsilon(0.001));
  }
}

TEST_CASE("do 16 EFA interfaces to a remote pool give Mooncake's published rates by block size?") {
  struct Row {
    std::int64_t kib;
    double published;
  };
  constexpr std::array kRows = {Row{64, 97},   Row{128, 191},  Row{256, 325},
                                Row{512, 358}, Row{1024, 353}, Row{2048, 367}};
  const hw::Topology topology = topology_of("storage: [{name: remote, capacity: 1 TB, nic: efa-200g, nics: 16}]\n");
  const auto route = topology.route(topology.storage(0), host_of(topology));
  for (const Row& row : kRows) {
    CAPTURE(row.kib);
    const double reached = rate_of(topology, fragments(route, row.kib << 10, 1'000'000)) / 1e9;
    CHECK(std::abs(reached / row.published - 1) < 0.10);
  }
}

TEST_CASE("is one block of 2 MiB four times as fast as the 72 fragments that its layers would be?") {
  // vLLM's offloading connector: fragments of 8 to 72 KB a layer against blocks of 0.5 to 2 MB, 4 to 5 times; a copy
  // engine of its time takes 2.5 us a copy.
  const hw::Topology topology(
      MachineReading(yaml_text("name: m\ngpu: h100-sxm\ngpu_link: {h2d: 55 GB/s, d2h: 55 GB/s, latency: 5 us, "
                               "per_operation: 2.5 us, sharing: fifo}\n"))
          .machine);
  const auto route = topology.route(host_of(topology), topology.gpu(0));
  const double whole = rate_of(topology, fragments(route, 72 * 28 << 10, 1000));
  const double scattered = rate_of(topology, fragments(route, 28 << 10, 72'000));
  CHECK(whole / scattered > 4);
  CHECK(whole / scattered < 6);
}

TEST_CASE("does pageable memory load at its copy's rate, and take three times the bytes of the host's DRAM?") {
  const std::string head = "name: m\ngpu: rtx-4090\ngpu_link: {h2d: 26 GB/s, d2h: 26 GB/s, latency: 0 us";
  const std::string tail =
      "}\nstorage: [{name: dram, capacity: 1 GiB, read: 24 GB/s, write: 24 GB/s, duplex_cap: 24 GB/s, latency: 0 "
      "us}]\n";
  const auto rate = [&](const std::string& memory) {
    const MachineReading reading(yaml_text(head + memory + tail));
    CHECK(reading.diagnostics.render() == "");
    const hw::Topology topology(reading.machine);
    return rate_of(topology, fragments(topology.route(topology.storage(0), topology.gpu(0)), 240'000'000, 1));
  };
  CHECK(rate("") == doctest::Approx(24e9));
  CHECK(rate(", host_memory: pinned") == doctest::Approx(24e9));
  CHECK(rate(", host_memory: pageable, staging: 6 GB/s") == doctest::Approx(6e9));
  CHECK(rate(", host_memory: pageable, staging: 20 GB/s") == doctest::Approx(8e9));  // read, written, read again
}

TEST_CASE("is host memory described where it has no meaning an error?") {
  const auto says = [](const std::string& link, const std::string& storage, const std::string& text) {
    const MachineReading reading(
        yaml_text("name: m\ngpu: rtx-4090\ngpu_link: {h2d: 26 GB/s, d2h: 26 GB/s, latency: 0 us" + link +
                  "}\nstorage: [{name: ssd, drive: 990-pro-2tb" + storage + "}]\n"));
    CAPTURE(reading.diagnostics.render());
    CHECK(reading.says(text));
  };
  says(", staging: 5 GB/s", "", "'staging' without 'host_memory: pageable' in gpu_link");
  says(", host_memory: pageable", "", "missing key 'staging'");
  says(", host_memory: swapped", "", "swapped");
  says("", ", host_memory: pageable", "only a machine's gpu_link copies from host memory");
}
