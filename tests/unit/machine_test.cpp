// Machines from YAML, and the topology that they make.
#include <doctest/doctest.h>

#include "hw/topology.hpp"
#include "tests/support/machine_files.hpp"

using namespace tiersim;
using namespace tiersim::test;
using namespace tiersim::literals;

namespace {

std::vector<std::string> route(const hw::Topology& topology, hw::PlaceId from, hw::PlaceId to) {
  std::vector<std::string> names;
  for (LinkId link : topology.route(from, to)) names.push_back(topology.links()[link.index()].name);
  return names;
}

}  // namespace

TEST_CASE("every shipped machine reads without complaint, and back from its resolved form without any device file") {
  for (const std::string& name : machine_names()) {
    CAPTURE(name);
    const MachineReading first(machine_file(name));
    CHECK(first.diagnostics.render() == "");
    CHECK(first.machine.name == name);
    const std::string resolved = config::to_yaml(first.resolved);
    const MachineReading second(yaml_text(resolved));
    CHECK(second.diagnostics.render() == "");
    CHECK(second.devices.empty());
    CHECK(config::to_yaml(second.resolved) == resolved);
  }
}

TEST_CASE("the H100 node has the bytes and rates that its files state") {
  const hw::MachineSpec machine = MachineReading(machine_file("hgx-h100x4")).machine;
  CHECK(machine.gpus == 4);
  CHECK(machine.gpu.memory == Bytes(85'520'809'984));
  CHECK(machine.gpu.dense_bf16.value() == 989e12);
  CHECK(machine.gpu_link.sharing == hw::Sharing::fifo);
  CHECK(machine.gpu_link.duplex_cap == 90_GBps);
  CHECK(machine.collective_bandwidth == 380_GBps);
  CHECK(machine.collective_latency == 31_us);
  REQUIRE(machine.collective_protocols.size() == 3);
  CHECK(machine.collective_protocols[0].below == 32_KiB);
  CHECK(machine.collective_protocols[1].latency == 5_us);
  REQUIRE(machine.storage.size() == 2);
  CHECK(machine.storage[0].name == "dram");
  CHECK(machine.storage[0].capacity == 1024_GiB);
  CHECK(machine.storage[0].link.sharing == hw::Sharing::fair);
}

TEST_CASE("striped drives add up in capacity, rates and operations, not in latency") {
  const hw::StorageSpec ssd = MachineReading(machine_file("hgx-h100x4")).machine.storage[1];
  CHECK(ssd.capacity == 15'360_GB);
  CHECK(ssd.link.bandwidth.value() == doctest::Approx(27.6e9));
  CHECK(ssd.link.bandwidth_down.value() == doctest::Approx(16.4e9));
  CHECK(ssd.link.queue_depth == 128);
  CHECK(ssd.link.read_iops == 4e6);
  CHECK(ssd.link.write_iops == 720e3);
  CHECK(ssd.link.latency == 82_us);
  CHECK(ssd.link.single_stream.value() == 1.6e9);
}

TEST_CASE("a storage entry may change what its drive says") {
  const MachineReading reading(yaml_text(kSmall + "storage: [{name: ssd, drive: 990-pro-2tb, write: 1.4 GB/s}]\n"));
  CHECK(reading.diagnostics.render() == "");
  CHECK(reading.machine.storage[0].link.bandwidth_down.value() == 1.4e9);
  CHECK(reading.machine.storage[0].link.bandwidth.value() == 7.45e9);
}

TEST_CASE("a drive's caps reach both directions of its link, and links without them show no keys for them") {
  const MachineReading reading(yaml_text(kSmall + "storage: [{name: ssd, drive: 990-pro-2tb, ridge: 4}]\n"));
  CHECK(reading.diagnostics.render() == "");
  const hw::Topology topology(reading.machine);
  const hw::DirectedLink& read = topology.links()[2];
  const hw::DirectedLink& write = topology.links()[3];
  CHECK(read.iops == 1.4e6);
  CHECK(write.iops == 1.55e6);
  CHECK(write.queue_depth == 32);
  CHECK(write.single_stream.value() == 1.6e9);
  CHECK(write.ridge == 4);
  CHECK(topology.links()[0].queue_depth == 0);
  const std::string resolved = config::to_yaml(reading.resolved);
  CHECK(resolved.find("read_iops: 1400000/s") != std::string::npos);
  CHECK(resolved.find("queue_depth") == resolved.rfind("queue_depth"));
}

TEST_CASE("mistakes in a machine are told, all of them") {
  CHECK(MachineReading(yaml_text("name: m")).says("missing key 'gpu' in machine"));
  CHECK(MachineReading(yaml_text("name: m")).says("missing key 'gpu_link' in machine"));
  CHECK(MachineReading(yaml_text(kSmall + "gpus: 2\n")).says("missing key 'collective' in machine"));
  CHECK(MachineReading(yaml_text(kSmall + "gpus: 0\n")).says("out of range"));
  CHECK(MachineReading(yaml_text(kSmall + "storage: 3\n")).says("expected a list of maps"));
  CHECK(MachineReading(yaml_text(kSmall + "storage: [5]\n")).says("expected a map"));
  CHECK(MachineReading(yaml_text("name: m\ngpu: h2000\n")).says("no device 'h2000'"));
  CHECK(MachineReading(yaml_text(kSmall + "storage: [{name: ssd, drives: 2}]\n")).says("'drives' without 'drive'"));
  CHECK(MachineReading(yaml_text(kSmall + "storage: [{name: ssd, drive: 990-pro-2tb, drives: 0}]\n"))
            .says("out of range"));
  CHECK(MachineReading(yaml_text(kSmall + "storage: [{name: hbm, drive: 990-pro-2tb}]\n"))
            .says("'hbm' cannot name a storage"));
  CHECK(MachineReading(yaml_text(kSmall + "storage: [{name: a, drive: 990-pro-2tb}, {name: a, drive: 990-pro-2tb}]\n"))
            .says("a second storage named 'a'"));
  CHECK(MachineReading(yaml_text(kSmall + "storage: [{name: ssd, drive: 990-pro-2tb, queue_depth: 0}]\n"))
            .says("out of range"));
  CHECK(MachineReading(yaml_text(kSmall + "storage: [{name: ssd, drive: 990-pro-2tb, ridge: 0.5}]\n"))
            .says("out of range"));
  CHECK(MachineReading(yaml_text(kSmall + "storage: [{name: ssd, drive: 990-pro-2tb, read_iops: fast}]\n"))
            .says("read_iops"));
  const MachineReading unknown_drive(yaml_text(kSmall + "storage: [{name: ssd, drive: floppy}]\n"));
  CHECK(unknown_drive.diagnostics.all().size() == 1);
}

TEST_CASE("links are numbered GPUs first, upward even, and joined at the host") {
  const hw::Topology topology(MachineReading(machine_file("hgx-h100x4")).machine);
  REQUIRE(topology.links().size() == 12);
  CHECK(topology.links()[0].name == "pcie0 h2d");
  CHECK(topology.links()[7].name == "pcie3 d2h");
  CHECK(topology.links()[8].name == "dram read");
  CHECK(topology.links()[11].name == "ssd write");
  CHECK(topology.links()[0].duplex == topology.links()[1].duplex);
  CHECK(topology.links()[10].duplex == UINT32_MAX);
  CHECK(topology.duplex_caps().size() == 5);
  const hw::PlaceId dram = topology.storage(0), ssd = topology.storage(1), gpu = topology.gpu(2);
  CHECK(topology.name(gpu) == "gpu2");
  CHECK(topology.name(ssd) == "ssd");
  CHECK(route(topology, dram, gpu) == std::vector<std::string>{"dram read", "pcie2 h2d"});
  CHECK(route(topology, gpu, ssd) == std::vector<std::string>{"pcie2 d2h", "ssd write"});
  CHECK(route(topology, ssd, dram) == std::vector<std::string>{"ssd read", "dram write"});
  CHECK(topology.route(gpu, gpu).empty());
}

TEST_CASE("each direction has its own bandwidth") {
  const hw::Topology topology(MachineReading(yaml_text(kSmall)).machine);
  CHECK(topology.links()[0].bandwidth == 26_GBps);
  CHECK(topology.links()[1].bandwidth == 20_GBps);
}

TEST_CASE("the picture of a machine is stable") {
  const hw::Topology topology(MachineReading(yaml_text(kSmall)).machine);
  CHECK(topology.dot() ==
        "digraph machine {\n"
        "  rankdir=LR;\n"
        "  node [shape=box];\n"
        "  \"gpu0\";\n"
        "  \"host\";\n"
        "  \"host\" -> \"gpu0\" [label=\"pcie0 h2d\\n26 GB/s fifo\"];\n"
        "  \"gpu0\" -> \"host\" [label=\"pcie0 d2h\\n20 GB/s fifo\"];\n"
        "}\n");
}

TEST_CASE("are protocols of an all-reduce refused that do not ascend, or are no list?") {
  const std::string two = kSmall + "gpus: 2\ncollective: {bandwidth: 40 GB/s, latency: 10 us, protocols: ";
  const MachineReading falling(yaml_text(two + "[{name: ll, below: 1 MiB, bandwidth: 10 GB/s, latency: 5 us}, "
                                               "{name: ll128, below: 32 KiB, bandwidth: 20 GB/s, latency: 6 us}]}\n"));
  CHECK(falling.says("protocol 'll128' is below no more than 'll' before it"));
  CHECK(MachineReading(yaml_text(two + "{name: ll}}\n")).says("expected a list of maps"));
  CHECK(MachineReading(yaml_text(two + "[{name: ll, latency: 5 us}]}\n")).says("missing key 'below'"));
}
