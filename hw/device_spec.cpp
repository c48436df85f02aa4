#include "hw/device_spec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hw/contradictions.hpp"

namespace tiersim::hw {
namespace {

using config::Fields;
using config::Range;
using config::Value;

constexpr Range kRate{1e6, 1e15};
constexpr Range kDelay{0, 1e12};
constexpr Range kMostGpus{1, 256};
constexpr Range kMostParts{1, 256};

/// Reads the device that `key` names or is and records it; its map, or null after an error.
template <class Spec>
const Value* read_device(Fields& machine, std::string_view key, const Value& value, const DeviceLoader& load_device,
                         Spec& spec, Spec (*read)(Fields&)) {
  const Value* map = device_map(value, {key}, load_device, machine);
  if (map == nullptr) return nullptr;
  Fields fields(*map, fmt::format("{} of {}", key, machine.what()), machine.diagnostics());
  spec = read(fields);
  machine.record(key, fields.resolved());
  return map;
}

const Value* read_gpus(Fields& machine, const DeviceLoader& load_device, MachineSpec& spec) {
  const Value* map = nullptr;
  if (const Value* value = machine.child("gpu")) {
    map = read_device(machine, "gpu", *value, load_device, spec.gpu, read_gpu);
  } else {
    missing(machine, "gpu", "the name of a device in hw/devices, or its map");
  }
  spec.gpus = machine.count("gpus", 1, kMostGpus);
  return map;
}

/// Parts that a machine need not state: `key` and how many of them there are.
template <class Spec>
const Value* read_parts(Fields& machine, std::string_view key, const DeviceLoader& load_device, Spec& spec,
                        std::int64_t& count, Spec (*read)(Fields&)) {
  const std::string plural = std::string(key) + "s";
  const Value* value = machine.child(key);
  if (value == nullptr) {
    if (machine.has(plural)) machine.error(plural, fmt::format("'{}' without '{}' in {}", plural, key, machine.what()));
    return nullptr;
  }
  const Value* map = read_device(machine, key, *value, load_device, spec, read);
  count = machine.count(plural, 1, kMostParts);
  return map;
}

/// Pageable memory and the rate at which it is copied once more; both or none.
void read_host_memory(Fields& fields, LinkSpec& link) {
  const bool pageable = fields.has("host_memory") &&
                        fields.choice("host_memory", {"pinned", "pageable"}, std::string("pinned")) == "pageable";
  if (pageable) {
    link.staging = fields.bandwidth("staging", {}, kRate);
  } else if (fields.has("staging")) {
    fields.error("staging", fmt::format("'staging' without 'host_memory: pageable' in {}", fields.what()));
  }
}

LinkSpec read_gpu_link(Fields& machine) {
  const Value* value = machine.child("gpu_link");
  if (value == nullptr) {
    missing(machine, "gpu_link", "a map with h2d, d2h and latency");
    return {};
  }
  Fields fields(*value, "gpu_link of " + machine.what(), machine.diagnostics());
  LinkSpec link = read_link(fields, "h2d", "d2h", Sharing::fifo);
  read_host_memory(fields, link);
  fields.finish();
  machine.record("gpu_link", fields.resolved());
  return link;
}

void read_collective(Fields& machine, MachineSpec& spec) {
  const Value* value = machine.child("collective");
  if (value == nullptr) {
    if (spec.gpus > 1) missing(machine, "collective", "a map with bandwidth and latency of an all-reduce");
    return;
  }
  Fields fields(*value, "collective of " + machine.what(), machine.diagnostics());
  spec.collective_bandwidth = fields.bandwidth("bandwidth", {}, kRate);
  spec.collective_latency = fields.duration("latency", {}, kDelay);
  spec.collective_protocols = read_protocols(fields);
  fields.finish();
  machine.record("collective", fields.resolved());
}

void check_name(const MachineSpec& machine, const StorageSpec& storage, Fields& entry) {
  const auto same = [&](const StorageSpec& other) { return other.name == storage.name; };
  if (std::any_of(machine.storage.begin(), machine.storage.end(), same)) {
    entry.error("name", fmt::format("a second storage named '{}'", storage.name));
  }
  if (storage.name == "hbm" || storage.name == "host" || storage.name == "nvlink" || storage.name.starts_with("gpu")) {
    entry.error("name", fmt::format("'{}' cannot name a storage", storage.name))
        .notes.push_back("hbm, gpu0, gpu1 .., nvlink and host are the machine's own places");
  }
  if (storage.over_nvlink && machine.gpu.nvlink_bandwidth.value() == 0)
    entry.error("over", fmt::format("'over: nvlink' in {}, but {} has no NVLink", entry.what(), machine.gpu.name));
}

void read_storage(Fields& machine, const DeviceLoader& load_device, MachineSpec& spec) {
  Value resolved;
  resolved.kind = config::Kind::list;
  const LinkSpec dram = dram_link(spec.cpu, spec.cpus);
  if (const Value* list = machine.child("storage"); list != nullptr) {
    resolved.mark = list->mark;
    if (list->kind != config::Kind::list) {
      machine.error("storage", fmt::format("'storage' in {}: found {}, expected a list of maps", machine.what(),
                                           config::kind_name(list->kind)));
    }
    for (const Value& item : list->items) {
      Fields entry(item, fmt::format("storage {} of {}", resolved.items.size() + 1, machine.what()),
                   machine.diagnostics());
      StorageSpec storage = read_storage_entry(entry, load_device, spec.cpus > 0 ? &dram : nullptr);
      check_name(spec, storage, entry);
      spec.storage.push_back(std::move(storage));
      resolved.items.push_back(entry.resolved());
    }
  }
  machine.record("storage", std::move(resolved));
}

void read_power_and_price(Fields& machine, MachineSpec& spec) {
  if (machine.has("watts")) spec.watts = machine.power("watts", {}, Range{0, 1e7});
  const Dollars of_gpus = spec.gpu.price_per_hour * static_cast<double>(spec.gpus);
  if (of_gpus.value() == 0 && !machine.has("price_per_hour")) return;
  spec.price_per_hour = machine.money("price_per_hour", of_gpus, Range{0, 1e8});
}

}  // namespace

MachineSpec read_machine(config::Fields& fields, const DeviceLoader& load_device) {
  MachineSpec spec;
  spec.name = fields.text("name");
  const Value* gpu = read_gpus(fields, load_device, spec);
  spec.gpu_link = read_gpu_link(fields);
  read_collective(fields, spec);
  const Value* cpu = read_parts(fields, "cpu", load_device, spec.cpu, spec.cpus, read_cpu);
  read_parts(fields, "nic", load_device, spec.nic, spec.nics, read_nic);
  read_storage(fields, load_device, spec);
  read_power_and_price(fields, spec);
  report_contradictions(fields, spec, {.gpu = gpu, .cpu = cpu});
  fields.finish();
  return spec;
}

}  // namespace tiersim::hw
