#include "hw/contradictions.hpp"

#include <fmt/format.h>

#include "sim/config/units_text.hpp"

namespace tiersim::hw {
namespace {

using config::Fields;
using config::Value;

/// What a device can do, and where it says so.
struct Limit {
  BytesPerSecond rate;
  std::string text;  ///< "gpu 'l4' has PCIe 4 x16, 32 GB/s"
  const Value* map;
  std::string_view key;  ///< of the map, whose line is shown
};

void check(Fields& machine, const Value& map, std::string_view what, std::string_view key, BytesPerSecond stated,
           const Limit& limit) {
  if (limit.map == nullptr || limit.rate.value() == 0 || stated <= limit.rate) return;
  const Value* value = map.find(key);
  if (value == nullptr) return;
  const Value* source = limit.map->find(limit.key);
  machine.diagnostics()
      .error(value->mark, fmt::format("'{}' in {} is {}, but {}", key, what, config::text_of(stated), limit.text))
      .notes.push_back(fmt::format("stated in {}", place_of(source == nullptr ? limit.map->mark : source->mark)));
}

Limit of_host_link(const GpuSpec& gpu, const Value* map) {
  const BytesPerSecond rate = gpu.host_link_peak();
  if (rate == gpu.host_bandwidth) {
    return {rate, fmt::format("{} has {} to the host", gpu.name, config::text_of(rate)), map, "host_bandwidth"};
  }
  return {rate,
          fmt::format("{} has PCIe {} x{}: {}", gpu.name, gpu.pcie_generation, gpu.pcie_lanes, config::text_of(rate)),
          map, "pcie_generation"};
}

Limit of_nvlink(const GpuSpec& gpu, const Value* map) {
  return {gpu.nvlink_bandwidth * 2.0,
          fmt::format("the links between {} have {} each way", gpu.name, config::text_of(gpu.nvlink_bandwidth)), map,
          "nvlink_bandwidth"};
}

Limit of_memory(const MachineSpec& spec, const Value* map) {
  const BytesPerSecond rate = spec.cpu.memory_peak() * static_cast<double>(spec.cpus);
  return {
      rate,
      fmt::format("{} x {} has {} channels of {}: {}", spec.cpus, spec.cpu.name, spec.cpus * spec.cpu.memory_channels,
                  config::text_of(spec.cpu.channel_bandwidth), config::text_of(rate)),
      map, "memory_channels"};
}

void check_memory(Fields& machine, const MachineSpec& spec, const Limit& limit) {
  const Value* list = machine.child("storage");
  for (std::size_t i = 0; i < spec.storage.size(); ++i) {
    if (spec.storage[i].name != "dram") continue;
    const LinkSpec& link = spec.storage[i].link;
    const std::string what = fmt::format("storage 'dram' of {}", machine.what());
    check(machine, list->items[i], what, "read", link.bandwidth, limit);
    check(machine, list->items[i], what, "write", link.bandwidth_down, limit);
    check(machine, list->items[i], what, "duplex_cap", link.duplex_cap, limit);
  }
}

}  // namespace

void report_contradictions(Fields& machine, const MachineSpec& spec, const DeviceMaps& maps) {
  if (const Value* link = machine.child("gpu_link")) {
    const Limit limit = of_host_link(spec.gpu, maps.gpu);
    const std::string what = "gpu_link of " + machine.what();
    check(machine, *link, what, "h2d", spec.gpu_link.bandwidth, limit);
    check(machine, *link, what, "d2h", spec.gpu_link.bandwidth_down, limit);
  }
  if (const Value* collective = machine.child("collective")) {
    check(machine, *collective, "collective of " + machine.what(), "bandwidth", spec.collective_bandwidth,
          of_nvlink(spec.gpu, maps.gpu));
  }
  check_memory(machine, spec, of_memory(spec, maps.cpu));
}

}  // namespace tiersim::hw
