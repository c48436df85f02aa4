#include "hw/device_spec.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tiersim::hw {
namespace {

using config::Fields;
using config::Range;
using config::Value;

// What a clock of 64-bit nanoseconds and a graph of routes can bear; far beyond any machine.
constexpr Range kRate{1e6, 1e15};
constexpr Range kRateOrNone{0, 1e15};
constexpr Range kDelay{0, 1e12};
constexpr Range kSize{1, 1e18};
constexpr Range kQueue{1, 1e9};
constexpr Range kIops{1, 1e15};
constexpr Range kRidge{1, 1e3};
constexpr Range kMostGpus{1, 256};

void missing(Fields& fields, std::string_view key, std::string_view expected) {
  fields.error(key, fmt::format("missing key '{}' in {}", key, fields.what()))
      .notes.push_back(fmt::format("expected {}", expected));
}

/// The map of a device that is either named (a file of hw/devices) or written in place; null after an error.
const Value* device_map(const Value& value, const DeviceLoader& load_device) {
  return value.kind == config::Kind::scalar ? load_device(value.scalar, value.mark) : &value;
}

GpuSpec read_gpu(Fields& machine, const DeviceLoader& load_device) {
  GpuSpec spec;
  const Value* value = machine.child("gpu");
  if (value == nullptr) missing(machine, "gpu", "the name of a device in hw/devices, or its map");
  const Value* map = value == nullptr ? nullptr : device_map(*value, load_device);
  if (map == nullptr) return spec;
  Fields fields(*map, "gpu of " + machine.what(), machine.diagnostics());
  spec.name = fields.text("name");
  spec.dense_bf16 = fields.compute("dense_bf16", {}, Range{1e6, 1e21});
  spec.dense_fp8 = fields.compute("dense_fp8", FlopsPerSecond(0), Range{0, 1e21});
  spec.memory = fields.bytes("memory", {}, kSize);
  spec.memory_bandwidth = fields.bandwidth("memory_bandwidth", {}, Range{1e6, 1e18});
  spec.l2 = fields.bytes("l2", {}, kSize);
  spec.sms = fields.count("sms", {}, Range{1, 1e6});
  fields.finish();
  machine.record("gpu", fields.resolved());
  return spec;
}

/// The caps of a drive. Only those that the map or `known` has are read: what no link needs is not shown for each.
void read_drive_caps(Fields& fields, const LinkSpec& known, LinkSpec& out) {
  const auto wanted = [&](std::string_view key, bool is_known) { return fields.has(key) || is_known; };
  if (wanted("queue_depth", known.queue_depth > 0)) {
    out.queue_depth = fields.count("queue_depth", known.queue_depth, kQueue);
  }
  if (wanted("single_stream", known.single_stream.value() > 0)) {
    out.single_stream = fields.bandwidth("single_stream", known.single_stream, kRate);
  }
  if (wanted("read_iops", known.read_iops > 0)) {
    out.read_iops = fields.per_second("read_iops", known.read_iops, kIops);
  }
  if (wanted("write_iops", known.write_iops > 0)) {
    out.write_iops = fields.per_second("write_iops", known.write_iops, kIops);
  }
  if (wanted("ridge", known.ridge > 0)) out.ridge = fields.number("ridge", known.ridge, kRidge);
}

/// The keys of a link, whose two directions have these names. What `base` has needs no key.
LinkSpec read_link(Fields& fields, std::string_view up, std::string_view down, Sharing sharing, const LinkSpec* base) {
  const LinkSpec known = base == nullptr ? LinkSpec{.sharing = sharing} : *base;
  const auto if_known = [&](auto value) { return base == nullptr ? std::nullopt : std::optional(value); };
  LinkSpec out;
  out.bandwidth = fields.bandwidth(up, if_known(known.bandwidth), kRate);
  out.bandwidth_down = fields.bandwidth(down, if_known(known.bandwidth_down), kRate);
  out.duplex_cap = fields.bandwidth("duplex_cap", known.duplex_cap, kRateOrNone);
  out.latency = fields.duration("latency", if_known(known.latency), kDelay);
  out.per_operation = fields.duration("per_operation", known.per_operation, kDelay);
  out.half_size = fields.bytes("half_size", known.half_size, Range{0, 1e15});
  const std::string word =
      fields.choice("sharing", {"fifo", "fair"}, std::string(known.sharing == Sharing::fifo ? "fifo" : "fair"));
  out.sharing = word == "fifo" ? Sharing::fifo : Sharing::fair;
  read_drive_caps(fields, known, out);
  return out;
}

LinkSpec read_gpu_link(Fields& machine) {
  const Value* value = machine.child("gpu_link");
  if (value == nullptr) {
    missing(machine, "gpu_link", "a map with h2d, d2h and latency");
    return {};
  }
  Fields fields(*value, "gpu_link of " + machine.what(), machine.diagnostics());
  const LinkSpec link = read_link(fields, "h2d", "d2h", Sharing::fifo, nullptr);
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
  fields.finish();
  machine.record("collective", fields.resolved());
}

/// Capacity and link of a drive or memory.
void read_store(Fields& fields, StorageSpec& spec, const StorageSpec* base) {
  spec.capacity = fields.bytes("capacity", base == nullptr ? std::nullopt : std::optional(base->capacity), kSize);
  spec.link = read_link(fields, "read", "write", Sharing::fair, base == nullptr ? nullptr : &base->link);
}

/// `drives` equal drives, striped: their capacities, rates, queues and operations per second add; what one I/O takes
/// (latency, single_stream) stays.
void stripe(StorageSpec& spec, std::int64_t drives) {
  const auto n = static_cast<double>(drives);
  spec.capacity = spec.capacity * drives;
  spec.link.bandwidth = spec.link.bandwidth * n;
  spec.link.bandwidth_down = spec.link.bandwidth_down * n;
  spec.link.duplex_cap = spec.link.duplex_cap * n;
  spec.link.per_operation = spec.link.per_operation / drives;
  spec.link.queue_depth *= drives;
  spec.link.read_iops *= n;
  spec.link.write_iops *= n;
}

/// The `drive` (and how many) that a storage entry names, if it does.
void read_drives(Fields& entry, const DeviceLoader& load_device, StorageSpec& spec) {
  // `drives` is read apart from the entry's record: the resolved entry holds the sums, and no drives.
  const Value* drive = entry.child("drive");
  const Value* drives = entry.child("drives");
  if (drive == nullptr) {
    if (drives != nullptr) entry.error("drives", fmt::format("'drives' without 'drive' in {}", entry.what()));
    return;
  }
  std::int64_t count = 1;
  if (drives != nullptr) {
    Value map;
    map.kind = config::Kind::map;
    map.mark = entry.mark();
    map.entries.emplace_back("drives", *drives);
    map.key_marks.push_back(drives->mark);
    Fields fields(map, entry.what(), entry.diagnostics());
    count = fields.count("drives", 1, Range{1, 1024});
    fields.finish();
  }
  const Value* map = device_map(*drive, load_device);
  if (map == nullptr) return;
  Fields fields(*map, "drive of " + entry.what(), entry.diagnostics());
  static_cast<void>(fields.text("name", std::string()));
  read_store(fields, spec, nullptr);
  fields.finish();
  stripe(spec, count);
}

StorageSpec read_storage_entry(Fields& entry, const DeviceLoader& load_device) {
  StorageSpec spec, drives;
  spec.name = entry.text("name");
  read_drives(entry, load_device, drives);
  // A drive that could not be read has been reported; its missing keys are no further mistakes.
  read_store(entry, spec, entry.has("drive") ? &drives : nullptr);
  entry.finish();
  return spec;
}

void check_name(const MachineSpec& machine, const StorageSpec& storage, Fields& entry) {
  const auto same = [&](const StorageSpec& other) { return other.name == storage.name; };
  if (std::any_of(machine.storage.begin(), machine.storage.end(), same)) {
    entry.error("name", fmt::format("a second storage named '{}'", storage.name));
  }
  if (storage.name == "hbm" || storage.name == "host" || storage.name.starts_with("gpu")) {
    entry.error("name", fmt::format("'{}' cannot name a storage", storage.name))
        .notes.push_back("hbm, gpu0, gpu1 .. and host are the machine's own places");
  }
}

void read_storage(Fields& machine, const DeviceLoader& load_device, MachineSpec& spec) {
  Value resolved;
  resolved.kind = config::Kind::list;
  if (const Value* list = machine.child("storage"); list != nullptr) {
    resolved.mark = list->mark;
    if (list->kind != config::Kind::list) {
      machine.error("storage", fmt::format("'storage' in {}: found {}, expected a list of maps", machine.what(),
                                           config::kind_name(list->kind)));
    }
    for (const Value& item : list->items) {
      Fields entry(item, fmt::format("storage {} of {}", resolved.items.size() + 1, machine.what()),
                   machine.diagnostics());
      StorageSpec storage = read_storage_entry(entry, load_device);
      check_name(spec, storage, entry);
      spec.storage.push_back(std::move(storage));
      resolved.items.push_back(entry.resolved());
    }
  }
  machine.record("storage", std::move(resolved));
}

}  // namespace

MachineSpec read_machine(config::Fields& fields, const DeviceLoader& load_device) {
  MachineSpec spec;
  spec.name = fields.text("name");
  spec.gpu = read_gpu(fields, load_device);
  spec.gpus = fields.count("gpus", 1, kMostGpus);
  spec.gpu_link = read_gpu_link(fields);
  read_collective(fields, spec);
  read_storage(fields, load_device, spec);
  fields.finish();
  return spec;
}

}  // namespace tiersim::hw
