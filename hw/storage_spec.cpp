#include "hw/storage_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "hw/flash_geometry.hpp"
#include "hw/nic_spec.hpp"
#include "sim/config/units_text.hpp"

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
  if (fields.has("softmax_rate")) spec.softmax_rate = fields.per_second("softmax_rate", {}, Range{1, 1e18});
  if (fields.has("command_latency")) spec.command_latency = fields.duration("command_latency", {}, Range{0, 1e12});
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

/// So many times the bytes, or as many as there can be.
Bytes times(Bytes bytes, std::int64_t n) { return Bytes(std::min(bytes.value(), INT64_MAX / n) * n); }

/// `drives` equal drives, striped: their capacities, rates, queues and operations per second add; what one I/O takes
/// (latency, single_stream) and what one engine is stay.
void stripe(StorageSpec& spec, std::int64_t drives) {
  const auto n = static_cast<double>(drives);
  spec.capacity = times(spec.capacity, drives);
  spec.link.bandwidth = spec.link.bandwidth * n;
  spec.link.bandwidth_down = spec.link.bandwidth_down * n;
  spec.link.duplex_cap = spec.link.duplex_cap * n;
  spec.link.per_operation = spec.link.per_operation / drives;
  spec.link.queue_depth *= drives;
  spec.link.read_iops *= n;
  spec.link.write_iops *= n;
  spec.engine.count *= drives;
  spec.endurance = times(spec.endurance, drives);
  MediaSpec& media = spec.link.media;
  media.array = media.array * n;
  media.bus = media.bus * n;
  media.program = media.program * n;
  media.cache = times(media.cache, drives);
}

/// Bytes in its life, given so or as drive writes a day over its warranty; `known` needs no key.
Bytes read_endurance(Fields& fields, Bytes capacity, Bytes known) {
  constexpr double kDaysAYear = 365;
  if (!fields.has("drive_writes_per_day")) {
    if (!fields.has("endurance") && known == Bytes(0)) return known;
    return fields.bytes("endurance", known == Bytes(0) ? std::nullopt : std::optional(known), kSize);
  }
  if (fields.has("endurance")) {
    fields.error("endurance",
                 fmt::format("'endurance' and 'drive_writes_per_day' exclude each other in {}", fields.what()));
  }
  const double writes = fields.number("drive_writes_per_day", {}, Range{0.001, 1000});
  const double years = fields.number("warranty_years", 5.0, Range{0.1, 100});
  return Bytes(std::llround(std::min(static_cast<double>(capacity.value()) * writes * kDaysAYear * years, kSize.high)));
}

void check_cache(Fields& fields, const StorageSpec& spec) {
  if (spec.link.media.cache <= spec.capacity) return;
  fields.error("write_cache", fmt::format("'write_cache' in {} is {}, more than the {} of the drive", fields.what(),
                                          config::text_of(spec.link.media.cache), config::text_of(spec.capacity)));
}

/// What `flash` says of a drive; nothing where it could not be read.
std::optional<FlashGeometry> read_flash_of(Fields& drive, const Value& value) {
  const std::size_t before = drive.diagnostics().all().size();
  Fields fields(value, "flash of " + drive.what(), drive.diagnostics());
  const FlashGeometry flash = read_flash(fields);
  drive.record("flash", fields.resolved());
  return drive.diagnostics().all().size() == before ? std::optional(flash) : std::nullopt;
}

/// The link of a drive by its insides and by what it states; after a mistake in `flash` nothing else is asked for.
LinkSpec read_flash_link(Fields& drive, const Value& value, Bytes capacity) {
  const bool cached = drive.has("write_cache");
  const std::optional<FlashGeometry> flash = read_flash_of(drive, value);
  const LinkSpec own = flash && capacity > Bytes(0) ? link_of(*flash, capacity, cached) : LinkSpec{};
  const LinkSpec link = read_link(drive, "read", "write", Sharing::fair, &own, true);
  if (own.media.modelled()) check_flash(drive, *flash, link, capacity, cached);
  return link;
}

/// How many devices an entry has. Read apart from the entry's record: the resolved entry holds the sums, and no count.
std::int64_t read_count(Fields& entry, std::string_view key, const Value& number) {
  Value map;
  map.kind = config::Kind::map;
  map.mark = entry.mark();
  map.entries.emplace_back(key, number);
  map.key_marks.push_back(number.mark);
  Fields fields(map, entry.what(), entry.diagnostics());
  const std::int64_t count = fields.count(key, 1, kMost);
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

/// The device that `key` of an entry names or is, and how many by the key's plural.
struct Named {
  const Value* device = nullptr;  ///< null: the entry has no such key
  std::int64_t count = 1;
};

Named read_named(Fields& entry, const std::string& key) {
  const std::string plural = key + "s";
  Named out{entry.child(key)};
  const Value* number = entry.child(plural);
  if (number == nullptr) return out;
  if (out.device == nullptr) {
    entry.error(plural, fmt::format("'{}' without '{}' in {}", plural, key, entry.what()));
    return out;
  }
  out.count = read_count(entry, plural, *number);
  return out;
}

/// So many network interfaces side by side, to memory behind them that is as fast.
LinkSpec network_link(const NicSpec& nic, std::int64_t nics) {
  constexpr double kRidge = 4;  // fits Mooncake's published sweep of its transfer engine over block sizes
  const auto n = static_cast<double>(nics);
  LinkSpec link;
  link.bandwidth = link.bandwidth_down = nic.bandwidth * n;
  link.latency = nic.latency;
  link.read_iops = link.write_iops = nic.messages_per_second * n;
  if (nic.messages_per_second > 0) link.ridge = kRidge;
  return link;
}

/// Nothing if the entry names no network interface.
std::optional<LinkSpec> read_network(Fields& entry, const DeviceLoader& load_device) {
  const Named nic = read_named(entry, "nic");
  if (nic.device == nullptr) return std::nullopt;
  const Value* map = device_map(*nic.device, {"nic"}, load_device, entry);
  if (map == nullptr) return LinkSpec{};
  Fields fields(*map, "nic of " + entry.what(), entry.diagnostics());
  return network_link(read_nic(fields), nic.count);
}

/// The drives of an entry, striped, and the engine's map as the entry records it.
struct Drives {
  StorageSpec spec;
  Value engine;
};

/// Nothing if the entry names no drive.
std::optional<Drives> read_drives(Fields& entry, const DeviceLoader& load_device) {
  const Named drive = read_named(entry, "drive");
  if (drive.device == nullptr) return std::nullopt;
  const Value* map = device_map(*drive.device, {"drive", "csd", "cxl"}, load_device, entry);
  // A drive that could not be read has been reported; its missing keys are no further mistakes.
  if (map == nullptr) return Drives{};
  Fields fields(*map, "drive of " + entry.what(), entry.diagnostics());
  Drives out{read_drive(fields), {}};
  stripe(out.spec, drive.count);
  out.engine = shown_engine(fields.resolved(), out.spec.engine.count);
  return out;
}

/// Whether the entry's memory is that of peer GPUs, which NVLinks join to the others.
bool read_over(Fields& entry) {
  return entry.has("over") && entry.choice("over", {"host", "nvlink"}, std::string("host")) == "nvlink";
}

void refuse_host_memory(Fields& entry) {
  if (!entry.has("host_memory")) return;
  entry.error("host_memory",
              fmt::format("'host_memory' in {}: only a machine's gpu_link copies from host memory", entry.what()));
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
  const Value* flash = fields.child("flash");
  spec.link = flash != nullptr ? read_flash_link(fields, *flash, spec.capacity)
                               : read_link(fields, "read", "write", Sharing::fair, nullptr, true);
  check_cache(fields, spec);
  spec.endurance = read_endurance(fields, spec.capacity, Bytes(0));
  read_engine_of(fields, spec.engine, 1);
  fields.finish();
  return spec;
}

StorageSpec read_storage_entry(Fields& entry, const DeviceLoader& load_device, const LinkSpec* dram) {
  StorageSpec spec;
  spec.name = entry.text("name");
  const std::optional<Drives> drives = read_drives(entry, load_device);
  const std::optional<LinkSpec> network = read_network(entry, load_device);
  if (drives && network) entry.error("nic", fmt::format("'drive' and 'nic' exclude each other in {}", entry.what()));
  const LinkSpec* base = drives ? &drives->spec.link : network ? &*network : (spec.name == "dram" ? dram : nullptr);
  spec.capacity = entry.bytes("capacity", drives ? std::optional(drives->spec.capacity) : std::nullopt, kSize);
  spec.link = read_link(entry, "read", "write", Sharing::fair, base, true);
  check_cache(entry, spec);
  spec.endurance = read_endurance(entry, spec.capacity, drives ? drives->spec.endurance : Bytes(0));
  spec.over_nvlink = read_over(entry);
  refuse_host_memory(entry);
  if (drives) spec.engine = drives->spec.engine;
  if (drives && drives->engine.kind == config::Kind::map) entry.record("engine", drives->engine);
  read_engine_of(entry, spec.engine, std::max<std::int64_t>(1, spec.engine.count));
  entry.finish();
  return spec;
}

}  // namespace tiersim::hw
