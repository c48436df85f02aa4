#include "hw/storage_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace tiersim::hw {
namespace {

using config::Fields;
using config::Range;
using config::Value;

constexpr Range kSize{1, 1e18};
constexpr Range kRate{1e6, 1e15};
constexpr Range kMost{1, 1024};

/// Keys that not every engine has are read where they are given.
EngineSpec read_engine(Fields& fields, std::int64_t drives) {
  EngineSpec spec;
  const auto rate = [&](std::string_view key, BytesPerSecond& to) {
    if (fields.has(key)) to = fields.bandwidth(key, {}, kRate);
  };
  const auto size = [&](std::string_view key, Bytes& to) {
    if (fields.has(key)) to = fields.bytes(key, {}, kSize);
  };
  spec.count = fields.count("count", drives, kMost);
  spec.channels = fields.count("channels", {}, kMost);
  spec.channel_bandwidth = fields.bandwidth("channel_bandwidth", {}, kRate);
  spec.channel_efficiency = fields.fraction("channel_efficiency", 1.0, Range{0.01, 1});
  size("page", spec.page);
  if (fields.has("compute")) spec.compute = fields.compute("compute", {}, Range{1e3, 1e18});
  rate("filter_bandwidth", spec.filter_bandwidth);
  size("memory", spec.memory);
  rate("memory_bandwidth", spec.memory_bandwidth);
  rate("p2p_bandwidth", spec.p2p_bandwidth);
  if (fields.has("watts")) spec.watts = fields.power("watts", {}, Range{0, 1e4});
  fields.finish();
  return spec;
}

void read_engine_of(Fields& store, EngineSpec& engine, std::int64_t drives) {
  const Value* value = store.child("engine");
  if (value == nullptr) return;
  Fields fields(*value, "engine of " + store.what(), store.diagnostics());
  engine = read_engine(fields, drives);
  store.record("engine", fields.resolved());
}

/// `drives` equal drives, striped: their capacities, rates, queues and operations per second add; what one I/O takes
/// (latency, single_stream) and what one engine is stay.
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
  spec.engine.count *= drives;
}

/// How many drives an entry has. Read apart from the entry's record: the resolved entry holds the sums, and no drives.
std::int64_t read_count(Fields& entry, const Value& drives) {
  Value map;
  map.kind = config::Kind::map;
  map.mark = entry.mark();
  map.entries.emplace_back("drives", drives);
  map.key_marks.push_back(drives.mark);
  Fields fields(map, entry.what(), entry.diagnostics());
  const std::int64_t count = fields.count("drives", 1, kMost);
  fields.finish();
  return count;
}

/// The engine of so many drives as a resolved entry shows it; null if they have none.
Value shown_engine(const Value& drive, std::int64_t count) {
  const Value* engine = drive.find("engine");
  if (engine == nullptr) return {};
  Value shown = *engine;
  if (Value* known = shown.find("count")) *known = config::scalar(fmt::format("{}", count), known->mark);
  return shown;
}

/// The drives of an entry, striped, and the engine's map as the entry records it.
struct Drives {
  StorageSpec spec;
  Value engine;
};

/// Nothing if the entry names no drive.
std::optional<Drives> read_drives(Fields& entry, const DeviceLoader& load_device) {
  const Value* drive = entry.child("drive");
  const Value* drives = entry.child("drives");
  if (drive == nullptr) {
    if (drives != nullptr) entry.error("drives", fmt::format("'drives' without 'drive' in {}", entry.what()));
    return std::nullopt;
  }
  const std::int64_t count = drives == nullptr ? 1 : read_count(entry, *drives);
  const Value* map = device_map(*drive, {"drive", "csd", "cxl"}, load_device, entry);
  // A drive that could not be read has been reported; its missing keys are no further mistakes.
  if (map == nullptr) return Drives{};
  Fields fields(*map, "drive of " + entry.what(), entry.diagnostics());
  Drives out{read_drive(fields), {}};
  stripe(out.spec, count);
  out.engine = shown_engine(fields.resolved(), out.spec.engine.count);
  return out;
}

}  // namespace

LinkSpec dram_link(const CpuSpec& cpu, std::int64_t sockets) {
  LinkSpec link;
  link.bandwidth = cpu.memory_bandwidth() * static_cast<double>(sockets);
  link.bandwidth_down = link.bandwidth;
  link.duplex_cap = link.bandwidth;  // one bus: reads and writes take turns
  link.latency = cpu.memory_latency;
  return link;
}

StorageSpec read_drive(Fields& fields) {
  StorageSpec spec;
  if (fields.has("kind")) static_cast<void>(fields.text("kind"));
  spec.name = fields.text("name", std::string());
  spec.capacity = fields.bytes("capacity", {}, kSize);
  spec.link = read_link(fields, "read", "write", Sharing::fair);
  read_engine_of(fields, spec.engine, 1);
  fields.finish();
  return spec;
}

StorageSpec read_storage_entry(Fields& entry, const DeviceLoader& load_device, const LinkSpec* dram) {
  StorageSpec spec;
  spec.name = entry.text("name");
  const std::optional<Drives> drives = read_drives(entry, load_device);
  const LinkSpec* base = drives ? &drives->spec.link : spec.name == "dram" ? dram : nullptr;
  spec.capacity = entry.bytes("capacity", drives ? std::optional(drives->spec.capacity) : std::nullopt, kSize);
  spec.link = read_link(entry, "read", "write", Sharing::fair, base);
  if (drives) spec.engine = drives->spec.engine;
  if (drives && drives->engine.kind == config::Kind::map) entry.record("engine", drives->engine);
  read_engine_of(entry, spec.engine, std::max<std::int64_t>(1, spec.engine.count));
  entry.finish();
  return spec;
}

}  // namespace tiersim::hw
