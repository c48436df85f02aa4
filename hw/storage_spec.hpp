#pragma once
/// Memory below the GPUs that KV blocks can live in: host memory, CXL memory, drives, drives that compute, memory of
/// other machines over RDMA, memory of peer GPUs over NVLink.
///
/// Read from the entries of a machine's `storage`, which may name devices of hw/devices (`drive:` of kind drive, csd or
/// cxl, or `nic:`) and how many, by read_machine and `tiersim list hardware`. Sizes are as sold, rates per direction.
/// Reading costs O(keys); errors go to the fields' diagnostics. A drive may be given by its insides
/// (hw/flash_geometry.hpp).
///
/// A computational storage drive (CSD) is a drive with an `engine`; hw/csd_time.hpp says how long it takes. The
/// simulator stores blocks on such a drive as on any other and computes nothing in it.
#include <cstdint>
#include <string>

#include "hw/cpu_spec.hpp"
#include "hw/device_map.hpp"
#include "hw/link_spec.hpp"
#include "sim/config/fields.hpp"
#include "sim/core/units.hpp"

namespace tiersim::hw {

/// What computes inside a CSD, and the paths that it has to the flash and out. 0: not stated.
struct EngineSpec {
  std::int64_t count = 0;              ///< engines, one a drive; 0: no CSD
  std::int64_t channels = 0;           ///< flash channels, or links to the flash, that one engine reads from
  BytesPerSecond channel_bandwidth{};  ///< of one of them
  double channel_efficiency = 1;       ///< of the channels' sum that reads reach
  Bytes page{};                        ///< least that is read from flash
  FlopsPerSecond compute{};            ///< of one engine, matrix times vector in 16 bits
  BytesPerSecond filter_bandwidth{};   ///< at which one engine picks tokens out of pages
  Bytes memory{};                      ///< DRAM on the board
  BytesPerSecond memory_bandwidth{};
  double softmax_rate = 0;         ///< elements per second of one engine; published rates disagree: a free parameter
  Duration command_latency{};      ///< of one operation: to the drive and back
  BytesPerSecond p2p_bandwidth{};  ///< of one drive to a GPU past the host's memory
  Watts watts{0};                  ///< of one engine

  /// From the flash to one engine.
  [[nodiscard]] BytesPerSecond internal_bandwidth() const {
    return channel_bandwidth * (static_cast<double>(channels) * channel_efficiency);
  }
};

struct StorageSpec {
  std::string name;          ///< what a hierarchy's `tier` refers to: "dram", "ssd"; of a device: the device's
  Bytes capacity;            ///< as sold; a scenario's tier may use less
  LinkSpec link;             ///< from it to the host's root (a DRAM bus, an NVMe link, a network) or to the NVLinks
  EngineSpec engine{};       ///< of a CSD; count 0: none
  Bytes endurance{};         ///< that may be written to it by its host in its life; 0: not stated
  bool over_nvlink = false;  ///< joined to the GPUs by their NVLinks, not to the host
};

/// The keys of a device of kind drive, csd or cxl; finish() is called.
[[nodiscard]] StorageSpec read_drive(config::Fields& fields);

/// One entry of a machine's `storage`; finish() is called. `dram` is what an entry of that name is where it states
/// nothing else, or null.
[[nodiscard]] StorageSpec read_storage_entry(config::Fields& entry, const DeviceLoader& load_device,
                                             const LinkSpec* dram);

/// The link of the memory of so many sockets: their bandwidth for reads, writes and both together, shared fairly.
[[nodiscard]] LinkSpec dram_link(const CpuSpec& cpu, std::int64_t sockets);

}  // namespace tiersim::hw
