#include "tools/tiersim/list_hardware.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "hw/device_spec.hpp"
#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"
#include "sim/report/human.hpp"
#include "tools/tiersim/rows.hpp"

namespace tiersim::cli {
namespace {

using config::Fields;
using config::Value;
/// What there is of a figure, a dash for none.
std::string if_any(double value, double unit = 1) { return value > 0 ? human::number(value / unit) : "-"; }
std::string giga(BytesPerSecond rate) { return if_any(rate.value(), 1e9); }
std::string tera(FlopsPerSecond rate) { return if_any(rate.value(), 1e12); }
std::string microseconds(Duration d) { return if_any(static_cast<double>(d.value()), 1e3); }

/// The files of hw/devices, each read once.
class Devices {
 public:
  Devices(const std::string& root, Diagnostics& diagnostics)
      : folder_(root + "/hw/devices"), diagnostics_(diagnostics) {
    for (const std::string& name : config::names_in(folder_)) load(name);
  }
  const Value* load(const std::string& name) {
    const auto [at, fresh] = maps_.try_emplace(name);
    if (fresh) at->second = config::load_yaml(config::path_in(folder_, name), diagnostics_);
    return &at->second;
  }
  /// Adds a row for each device of these kinds.
  template <class Spec>
  void list(Rows& rows, const std::vector<std::string_view>& kinds, Spec (*read)(Fields&),
            Cells (*cells)(const Spec&)) {
    for (const auto& [name, map] : maps_) {
      const Value* kind = map.find("kind");
      if (kind == nullptr || std::find(kinds.begin(), kinds.end(), kind->scalar) == kinds.end()) continue;
      Fields fields(map, fmt::format("'{}'", name), diagnostics_);
      rows.add(cells(read(fields)));
    }
  }

 private:
  std::string folder_;
  Diagnostics& diagnostics_;
  std::map<std::string, Value> maps_;
};

Cells machine_cells(const hw::MachineSpec& m) {
  const auto is_dram = [](const hw::StorageSpec& s) { return s.name == "dram"; };
  const auto dram = std::find_if(m.storage.begin(), m.storage.end(), is_dram);
  const bool has_dram = dram != m.storage.end();
  Bytes drives;
  for (const hw::StorageSpec& s : m.storage)
    if (!is_dram(s)) drives += s.capacity;
  const double watts = m.watts.value() + m.gpu.watts.value() * static_cast<double>(m.gpus);
  return {m.name,
          fmt::format("{} x {}", m.gpus, m.gpu.name),
          giga(m.gpu_link.bandwidth),
          has_dram ? human::capacity(dram->capacity) : "-",
          has_dram ? giga(dram->link.bandwidth) : "-",
          drives > Bytes(0) ? human::capacity(drives) : "-",
          watts > 0 ? human::power(watts) : "-",
          if_any(m.price_per_hour.value())};
}

Cells gpu_cells(const hw::GpuSpec& g) {
  return {g.name,
          tera(g.half_peak()),
          tera(g.dense_fp8),
          tera(g.dense_int8),
          tera(g.dense_fp4),
          human::capacity(g.memory),
          giga(g.memory_bandwidth),
          giga(g.nvlink_bandwidth),
          giga(g.host_link_peak()),
          if_any(g.watts.value()),
          if_any(g.price_per_hour.value())};
}

Cells cpu_cells(const hw::CpuSpec& c) {
  return {c.name,
          fmt::format("{}", c.cores),
          fmt::format("{} x {}", c.memory_channels, giga(c.channel_bandwidth)),
          giga(c.memory_peak()),
          giga(c.memory_bandwidth()),
          if_any(c.watts.value())};
}

Cells drive_cells(const hw::StorageSpec& s) {
  const bool computes = s.engine.count > 0;
  return {s.name,
          human::bytes(static_cast<double>(s.capacity.value())),
          giga(s.link.bandwidth),
          giga(s.link.bandwidth_down),
          if_any(s.link.read_iops, 1e3),
          if_any(s.link.write_iops, 1e3),
          microseconds(s.link.latency),
          computes ? giga(s.engine.internal_bandwidth()) : "-",
          computes ? if_any(s.engine.compute.value(), 1e9) : "-"};
}

Cells nic_cells(const hw::NicSpec& n) {
  return {n.name, giga(n.line_rate), giga(n.bandwidth), microseconds(n.latency), if_any(n.messages_per_second, 1e3)};
}

std::string machines_text(const std::string& root, Devices& devices, Diagnostics& diagnostics) {
  Rows rows("hardware: machines (hw/*.yaml)", {{"", 24, '<'},
                                               {"GPUs", 28, '<'},
                                               {"h2d GB/s", 8},
                                               {"dram", 8},
                                               {"GB/s", 6},
                                               {"drives", 8},
                                               {"at most", 8},
                                               {"USD/h", 6}});
  for (const std::string& name : config::names_in(root + "/hw")) {
    const Value map = config::load_yaml(config::path_in(root + "/hw", name), diagnostics);
    Fields fields(map, fmt::format("'{}'", name), diagnostics);
    rows.add(machine_cells(
        hw::read_machine(fields, [&](const std::string& device, const SourceMark&) { return devices.load(device); })));
  }
  return rows.text();
}

std::string gpus_text(Devices& devices) {
  Rows rows("hardware: GPUs (hw/devices/*.yaml); dense TFLOP/s", {{"", 24, '<'},
                                                                  {"16 bit", 6},
                                                                  {"fp8", 6},
                                                                  {"int8", 6},
                                                                  {"fp4", 6},
                                                                  {"memory", 8},
                                                                  {"GB/s", 6},
                                                                  {"NVLink", 6},
                                                                  {"host GB/s", 9},
                                                                  {"W", 6},
                                                                  {"USD/h", 6}});
  devices.list(rows, {"gpu"}, hw::read_gpu, gpu_cells);
  return rows.text();
}

std::string cpus_text(Devices& devices) {
  Rows rows("hardware: processors; memory of one socket",
            {{"", 24, '<'}, {"cores", 6}, {"channels", 12}, {"GB/s", 6}, {"reached", 8}, {"W", 6}});
  devices.list(rows, {"cpu"}, hw::read_cpu, cpu_cells);
  return rows.text();
}

std::string drives_text(Devices& devices) {
  Rows rows("hardware: drives, computational storage, CXL memory", {{"", 24, '<'},
                                                                    {"capacity", 8},
                                                                    {"read GB/s", 9},
                                                                    {"write", 6},
                                                                    {"kI/O read", 9},
                                                                    {"write", 6},
                                                                    {"us", 6},
                                                                    {"inside GB/s", 11},
                                                                    {"GFLOP/s", 7}});
  devices.list(rows, {"drive", "csd", "cxl"}, hw::read_drive, drive_cells);
  return rows.text();
}

std::string nics_text(Devices& devices) {
  Rows rows("hardware: network interfaces",
            {{"", 24, '<'}, {"line GB/s", 9}, {"reached", 8}, {"us", 6}, {"kmessages/s", 11}});
  devices.list(rows, {"nic"}, hw::read_nic, nic_cells);
  return rows.text();
}

}  // namespace

std::string hardware_text(const std::string& root) {
  Diagnostics diagnostics;
  Devices devices(root, diagnostics);
  std::string out = machines_text(root, devices, diagnostics);
  for (const auto& text : {gpus_text(devices), cpus_text(devices), drives_text(devices), nics_text(devices)})
    out += "\n" + text;
  throw_if_errors(diagnostics);
  return out;
}

}  // namespace tiersim::cli
