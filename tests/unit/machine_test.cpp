// Machines from YAML, and the topology that they make.
#include <doctest/doctest.h>

#include <map>
#include <memory>

#include "hw/topology.hpp"
#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"

using namespace tiersim;
using namespace tiersim::literals;

namespace {

const std::string kFolder = TIERSIM_SOURCE_DIR "/hw";

/// Reads a machine with the shipped devices; keeps what was said and the resolved form.
struct Reading {
  explicit Reading(const config::Value& value) {
    config::Fields fields(value, "machine", diagnostics);
    machine =
        hw::read_machine(fields, [&](const std::string& name, const SourceMark& from) { return load(name, from); });
    resolved = fields.resolved();
  }
  const config::Value* load(const std::string& name, const SourceMark& from) {
    const std::vector<std::string> known = config::names_in(kFolder + "/devices");
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      diagnostics.error(from, "no device '" + name + "'");
      return nullptr;
    }
    ++loads;
    auto& device = devices[name];
    if (!device) {
      device =
          std::make_unique<config::Value>(config::load_yaml(config::path_in(kFolder + "/devices", name), diagnostics));
    }
    return device.get();
  }
  bool says(const std::string& text) const { return diagnostics.render().find(text) != std::string::npos; }

  Diagnostics diagnostics;
  std::map<std::string, std::unique_ptr<config::Value>> devices;
  hw::MachineSpec machine;
  config::Value resolved;
  int loads = 0;
};

config::Value file(const std::string& name) {
  Diagnostics diagnostics;
  config::Value value = config::load_yaml(config::path_in(kFolder, name), diagnostics);
  REQUIRE(diagnostics.render() == "");
  return value;
}

config::Value text(const std::string& yaml) {
  Diagnostics diagnostics;
  return config::parse_yaml(yaml, "test", diagnostics);
}

const std::string kSmall =
    "name: small\ngpu: rtx-4090\ngpu_link: {h2d: 26 GB/s, d2h: 20 GB/s, duplex_cap: 37.2 GB/s, latency: 5 us}\n";

std::vector<std::string> route(const hw::Topology& topology, hw::PlaceId from, hw::PlaceId to) {
  std::vector<std::string> names;
  for (LinkId link : topology.route(from, to)) names.push_back(topology.links()[link.index()].name);
  return names;
}

}  // namespace

TEST_CASE("every shipped machine reads without complaint, and back from its resolved form without any device file") {
  for (const std::string& name : config::names_in(kFolder)) {
    CAPTURE(name);
    const Reading first(file(name));
    CHECK(first.diagnostics.render() == "");
    CHECK(first.machine.name == name);
    const std::string resolved = config::to_yaml(first.resolved);
    const Reading second(text(resolved));
    CHECK(second.diagnostics.render() == "");
    CHECK(second.loads == 0);
    CHECK(config::to_yaml(second.resolved) == resolved);
  }
}

TEST_CASE("the H100 node has the bytes and rates that its files state") {
  const hw::MachineSpec machine = Reading(file("hgx-h100x4")).machine;
  CHECK(machine.gpus == 4);
  CHECK(machine.gpu.memory == Bytes(85'520'809'984));
  CHECK(machine.gpu.dense_bf16.value() == 989e12);
  CHECK(machine.gpu_link.sharing == hw::Sharing::fifo);
  CHECK(machine.gpu_link.duplex_cap == 90_GBps);
  CHECK(machine.collective_bandwidth == 380_GBps);
  CHECK(machine.collective_latency == 31_us);
  REQUIRE(machine.storage.size() == 2);
  CHECK(machine.storage[0].name == "dram");
  CHECK(machine.storage[0].capacity == 1024_GiB);
  CHECK(machine.storage[0].link.sharing == hw::Sharing::fair);
}

TEST_CASE("striped drives add up in capacity, rates and operations, not in latency") {
  const hw::StorageSpec ssd = Reading(file("hgx-h100x4")).machine.storage[1];
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
  const Reading reading(text(kSmall + "storage: [{name: ssd, drive: 990-pro-2tb, write: 1.4 GB/s}]\n"));
  CHECK(reading.diagnostics.render() == "");
  CHECK(reading.machine.storage[0].link.bandwidth_down.value() == 1.4e9);
  CHECK(reading.machine.storage[0].link.bandwidth.value() == 7.45e9);
}

TEST_CASE("a drive's caps reach both directions of its link, and links without them show no keys for them") {
  const Reading reading(text(kSmall + "storage: [{name: ssd, drive: 990-pro-2tb, ridge: 4}]\n"));
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
  CHECK(Reading(text("name: m")).says("missing key 'gpu' in machine"));
  CHECK(Reading(text("name: m")).says("missing key 'gpu_link' in machine"));
  CHECK(Reading(text(kSmall + "gpus: 2\n")).says("missing key 'collective' in machine"));
  CHECK(Reading(text(kSmall + "gpus: 0\n")).says("out of range"));
  CHECK(Reading(text(kSmall + "storage: 3\n")).says("expected a list of maps"));
  CHECK(Reading(text(kSmall + "storage: [5]\n")).says("expected a map"));
  CHECK(Reading(text("name: m\ngpu: h200\n")).says("no device 'h200'"));
  CHECK(Reading(text(kSmall + "storage: [{name: ssd, drives: 2}]\n")).says("'drives' without 'drive'"));
  CHECK(Reading(text(kSmall + "storage: [{name: ssd, drive: 990-pro-2tb, drives: 0}]\n")).says("out of range"));
  CHECK(Reading(text(kSmall + "storage: [{name: hbm, drive: 990-pro-2tb}]\n")).says("'hbm' cannot name a storage"));
  CHECK(Reading(text(kSmall + "storage: [{name: a, drive: 990-pro-2tb}, {name: a, drive: 990-pro-2tb}]\n"))
            .says("a second storage named 'a'"));
  CHECK(Reading(text(kSmall + "storage: [{name: ssd, drive: 990-pro-2tb, queue_depth: 0}]\n")).says("out of range"));
  CHECK(Reading(text(kSmall + "storage: [{name: ssd, drive: 990-pro-2tb, ridge: 0.5}]\n")).says("out of range"));
  CHECK(Reading(text(kSmall + "storage: [{name: ssd, drive: 990-pro-2tb, read_iops: fast}]\n")).says("read_iops"));
  const Reading unknown_drive(text(kSmall + "storage: [{name: ssd, drive: floppy}]\n"));
  CHECK(unknown_drive.diagnostics.all().size() == 1);
}

TEST_CASE("links are numbered GPUs first, upward even, and joined at the host") {
  const hw::Topology topology(Reading(file("hgx-h100x4")).machine);
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
  const hw::Topology topology(Reading(text(kSmall)).machine);
  CHECK(topology.links()[0].bandwidth == 26_GBps);
  CHECK(topology.links()[1].bandwidth == 20_GBps);
}

TEST_CASE("the picture of a machine is stable") {
  const hw::Topology topology(Reading(text(kSmall)).machine);
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
