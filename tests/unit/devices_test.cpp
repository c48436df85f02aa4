// Devices from YAML: what they are, published figures, and what machines make of processors and drives that compute.
#include <doctest/doctest.h>

#include <array>

#include "hw/topology.hpp"
#include "tests/support/machine_files.hpp"

using namespace tiersim;
using namespace tiersim::test;
using namespace tiersim::literals;

namespace {

template <class Spec>
Spec read_device(const config::Value& map, Spec (*read)(config::Fields&)) {
  Diagnostics diagnostics;
  config::Fields fields(map, "device", diagnostics);
  const Spec spec = read(fields);
  CHECK(diagnostics.render() == "");
  const config::Value resolved = fields.resolved();
  config::Fields again(resolved, "device", diagnostics);
  static_cast<void>(read(again));
  CHECK(diagnostics.render() == "");
  CHECK(config::to_yaml(again.resolved()) == config::to_yaml(resolved));
  return spec;
}

hw::GpuSpec gpu(const std::string& name) { return read_device(device_file(name), hw::read_gpu); }

/// Published figures of public hardware tables (LLM-Viewer, aiconfigurator, GenZ), 0 where none was checked.
struct Published {
  const char* name;
  double bf16, fp8, int8, fp4;  ///< TFLOP/s
  double bandwidth;             ///< GB/s
  double nvlink;                ///< GB/s each way
};

constexpr std::array kPublished = {
    Published{"v100-sxm2-32gb", 0, 0, 0, 0, 900, 0},
    Published{"a100-sxm-40gb", 312, 0, 624, 0, 1555, 300},
    Published{"a100-sxm-80gb", 312, 0, 0, 0, 2039, 300},
    Published{"a100-pcie-80gb", 312, 0, 0, 0, 1935, 0},
    Published{"a30", 165, 0, 330, 0, 933, 0},
    Published{"a40", 149.7, 0, 299, 0, 696, 0},
    Published{"rtx-a6000", 154.8, 0, 309.7, 0, 768, 0},
    Published{"rtx-pro-6000-server", 467.8, 935.6, 935.6, 0, 0, 0},
    Published{"l4", 121, 242, 0, 0, 300, 0},
    Published{"l40s", 362, 733, 0, 0, 864, 0},
    Published{"l40", 181, 0, 362, 0, 864, 0},
    Published{"h100-sxm", 989, 1978, 0, 0, 3350, 450},
    Published{"h100-pcie", 756.5, 1513, 0, 0, 2000, 0},
    Published{"h200-sxm", 989, 1978, 1978, 0, 4800, 450},
    Published{"b200-sxm", 2250, 4500, 0, 9000, 7700, 900},
    Published{"b300-sxm", 2250, 4500, 153.5, 14000, 7750, 900},
    Published{"gb200", 2500, 5000, 0, 10000, 8000, 900},
    Published{"mi300x", 1307, 0, 0, 0, 5300, 0},
};

void check_if_published(double stated, double unit, double published) {
  if (published > 0) CHECK(stated / unit == doctest::Approx(published).epsilon(1e-12));
}

}  // namespace

TEST_CASE("do the GPUs have the peaks and bandwidths that public tables give?") {
  using enum hw::NumberType;
  for (const Published& p : kPublished) {
    CAPTURE(p.name);
    const hw::GpuSpec spec = gpu(p.name);
    check_if_published(spec.peak(bf16).value(), 1e12, p.bf16);
    check_if_published(spec.peak(fp8).value(), 1e12, p.fp8);
    check_if_published(spec.peak(int8).value(), 1e12, p.int8);
    check_if_published(spec.peak(fp4).value(), 1e12, p.fp4);
    check_if_published(spec.memory_bandwidth.value(), 1e9, p.bandwidth);
    check_if_published(spec.nvlink_bandwidth.value(), 1e9, p.nvlink);
  }
}

TEST_CASE("do the GPUs have the memory that public tables and drivers give?") {
  CHECK(gpu("a100-sxm-80gb").memory == 80_GiB);
  CHECK(gpu("h200-sxm").memory == Bytes(150'754'820'096));  // 143,771 MiB
  CHECK(gpu("b200-sxm").memory == 180_GiB);
  CHECK(gpu("b300-sxm").memory == 275_GB);
  CHECK(gpu("gb200").memory == 189471_MiB);
  const auto gib = [](const char* name) { return static_cast<double>(gpu(name).memory.value()) / (1 << 30); };
  CHECK(gib("l40s") == doctest::Approx(45).epsilon(0.001));
  CHECK(gib("rtx-pro-6000-server") == doctest::Approx(95.6).epsilon(0.001));
}

TEST_CASE("does a GPU say what it does not have?") {
  using enum hw::NumberType;
  const hw::GpuSpec v100 = gpu("v100-sxm2-32gb"), a100 = gpu("a100-sxm-40gb");
  CHECK(v100.peak(bf16).value() == 0);
  CHECK(v100.peak(tf32).value() == 0);
  CHECK(v100.half_peak() == 125_TFLOPs);
  CHECK(a100.peak(fp8).value() == 0);
  CHECK(a100.peak(fp4).value() == 0);
  CHECK(a100.half_peak() == 312_TFLOPs);
}

TEST_CASE("is a GPU's 16-bit peak one of its two types, and fp16 as fast as bf16 where only that is stated?") {
  const std::string rest = "memory: 1 GB\nmemory_bandwidth: 1 GB/s\nl2: 1 MiB\nsms: 1\n";
  const hw::GpuSpec spec = read_device(yaml_text("name: g\ndense_bf16: 7 TFLOP/s\n" + rest), hw::read_gpu);
  CHECK(spec.peak(hw::NumberType::fp16) == 7_TFLOPs);
  Diagnostics diagnostics;
  const config::Value none = yaml_text("name: g\n" + rest);
  config::Fields fields(none, "gpu", diagnostics);
  static_cast<void>(hw::read_gpu(fields));
  CHECK(diagnostics.render().find("missing key 'dense_bf16' in gpu") != std::string::npos);
}

TEST_CASE("is a PCIe link as fast as its generation and lanes make it?") {
  CHECK(hw::pcie_bandwidth(3, 16) == 16_GBps);
  CHECK(hw::pcie_bandwidth(4, 16) == 32_GBps);
  CHECK(hw::pcie_bandwidth(5, 8) == 32_GBps);
  CHECK(hw::pcie_bandwidth(6, 16) == 128_GBps);
  CHECK(gpu("gb200").host_link_peak() == 450_GBps);  // NVLink-C2C
}

TEST_CASE("is idle power 0.15 of the limit where a device states none?") {
  CHECK(gpu("h100-sxm").watts == Watts(700));
  CHECK(gpu("h100-sxm").idle_watts.value() == doctest::Approx(105));
}

TEST_CASE("do memory channels give the published bandwidths of processors?") {
  const auto peak = [](const char* name) { return read_device(device_file(name), hw::read_cpu).memory_peak().value(); };
  CHECK(peak("epyc-7763") == doctest::Approx(204.8e9));
  CHECK(peak("xeon-8480plus") == doctest::Approx(307.2e9));
  CHECK(peak("epyc-9654") == doctest::Approx(460.8e9));
  CHECK(peak("jetson-agx-orin-cpu") == doctest::Approx(204.8e9));
}

TEST_CASE("does host memory take its bandwidth from the sockets unless it states one?") {
  const std::string with_cpu = kSmall + "cpu: epyc-7763\ncpus: 2\n";
  const MachineReading plain(yaml_text(with_cpu + "storage: [{name: dram, capacity: 1 TiB}]\n"));
  CHECK(plain.diagnostics.render() == "");
  const hw::LinkSpec& link = plain.machine.storage.at(0).link;
  CHECK(link.bandwidth.value() == doctest::Approx(307.2e9));  // 0.75 x 2 x 204.8
  CHECK(link.bandwidth_down == link.bandwidth);
  CHECK(link.duplex_cap == link.bandwidth);
  CHECK(link.latency == 100_ns);
  const MachineReading stated(yaml_text(with_cpu + "storage: [{name: dram, capacity: 1 TiB, read: 100 GB/s}]\n"));
  CHECK(stated.machine.storage.at(0).link.bandwidth == 100_GBps);
  const MachineReading without(yaml_text(kSmall + "storage: [{name: dram, capacity: 1 TiB}]\n"));
  CHECK(without.says("missing key 'read' in storage 1 of machine"));
}

TEST_CASE("are drives that compute drives to the machine, with an engine for each?") {
  const MachineReading reading(machine_file("workstation-a6000-csd"));
  CHECK(reading.diagnostics.render() == "");
  const hw::StorageSpec& csd = reading.machine.storage.at(2);
  CHECK(csd.name == "csd");
  CHECK(csd.capacity == 4000_GB);
  CHECK(csd.link.bandwidth == 14_GBps);
  CHECK(csd.engine.count == 2);
  CHECK(csd.engine.internal_bandwidth().value() == doctest::Approx(8 * 1.4e9 * 0.68));
  CHECK(csd.engine.compute.value() == 12.7e9);
  CHECK(reading.machine.storage.at(1).engine.count == 0);
}

TEST_CASE("do the devices of every kind read, and back from their resolved form?") {
  for (const std::string& name : device_names()) {
    CAPTURE(name);
    const config::Value map = device_file(name);
    const std::string kind = map.find("kind")->scalar;
    std::string said;
    if (kind == "gpu") said = gpu(name).name;
    if (kind == "cpu") said = read_device(map, hw::read_cpu).name;
    if (kind == "nic") said = read_device(map, hw::read_nic).name;
    if (kind == "drive" || kind == "cxl") said = read_device(map, hw::read_drive).name;
    if (kind == "csd") {
      const hw::StorageSpec spec = read_device(map, hw::read_drive);
      CHECK(spec.engine.count == 1);
      said = spec.name;
    }
    CHECK(said == name);
  }
}

TEST_CASE("does a machine that contradicts its device get an error that shows both places?") {
  const std::string head = "name: m\ngpu: l4\n";
  const MachineReading link(yaml_text(head + "gpu_link: {h2d: 55 GB/s, d2h: 26 GB/s, latency: 5 us}\n"));
  CHECK(link.says("test:3:17: error: 'h2d' in gpu_link of machine is 55 GB/s, but l4 has PCIe 4 x16: 32 GB/s"));
  CHECK(link.says("hw/devices/l4.yaml:"));
  CHECK_FALSE(link.says("'d2h'"));
  const MachineReading memory(yaml_text(kSmall + "cpu: epyc-7763\nstorage:\n" +
                                        "  - {name: dram, capacity: 1 TiB, read: 250 GB/s, write: 200 GB/s}\n"));
  CHECK(memory.says("'read' in storage 'dram' of machine is 250 GB/s, but 1 x epyc-7763 has 8 channels of 25.6 GB/s"));
  CHECK(memory.says("hw/devices/epyc-7763.yaml:"));
  const MachineReading nvlink(
      yaml_text("name: m\ngpu: a100-sxm-40gb\ngpus: 2\n"
                "gpu_link: {h2d: 26 GB/s, d2h: 26 GB/s, latency: 5 us}\n"
                "collective: {bandwidth: 700 GB/s, latency: 10 us}\n"));
  CHECK(nvlink.says("the links between a100-sxm-40gb have 300 GB/s each way"));
}

TEST_CASE("are devices of another kind, figures without a unit and negative ones errors?") {
  const MachineReading kind(yaml_text("name: m\ngpu: pm9a3-3.84tb\n"));
  CHECK(kind.says("a device of kind 'drive' in machine, expected gpu"));
  CHECK(kind.says("pm9a3-3.84tb.yaml:2 says kind: drive"));
  CHECK(MachineReading(yaml_text(kSmall + "watts: 500\n")).says("'500' has no unit, expected a power such as '700 W'"));
  CHECK(MachineReading(yaml_text(kSmall + "watts: -5 W\n")).says("out of range"));
  CHECK(MachineReading(yaml_text(kSmall + "price_per_hour: 3\n")).says("has no unit, expected an amount"));
  CHECK(MachineReading(yaml_text(kSmall + "price_per_hour: -3 USD\n")).says("must not be negative"));
  CHECK(MachineReading(yaml_text(kSmall + "cpus: 2\n")).says("'cpus' without 'cpu' in machine"));
  CHECK(MachineReading(yaml_text(kSmall + "nic: connectx-7\nnics: 0\n")).says("out of range"));
  CHECK(MachineReading(yaml_text(kSmall + "cpu: floppy\n")).says("no device 'floppy'"));
}

TEST_CASE("is a machine's price that of its GPUs unless it states one?") {
  CHECK(MachineReading(machine_file("dgx-h100")).machine.price_per_hour == Dollars(20));
  CHECK(MachineReading(yaml_text(kSmall + "price_per_hour: 1.25 USD\n")).machine.price_per_hour == Dollars(1.25));
  CHECK(MachineReading(machine_file("dgx-h100")).machine.watts == Watts(4600));
}
