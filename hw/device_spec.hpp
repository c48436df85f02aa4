#pragma once
/// A machine as its datasheets describe it: GPUs, processors, host memory, drives, network, the links between them, and
/// what it draws and costs.
///
/// Read from hw/<machine>.yaml (which names devices in hw/devices/<device>.yaml) or an inline map, by whoever resolves
/// a scenario. Every figure in those files carries its source in a comment. Sizes are bytes as a driver reports them,
/// rates per direction. Where a machine states more than its device can do (a link faster than its PCIe, a memory
/// faster than its channels) that is an error which shows both places. Processors give host memory its bandwidth;
/// network interfaces and the engines of computational storage are data alone for now. Watts and prices change no time:
/// reports make energy and cost of them. Reading costs O(keys).
#include <cstdint>
#include <string>
#include <vector>

#include "hw/collective_spec.hpp"
#include "hw/cpu_spec.hpp"
#include "hw/device_map.hpp"
#include "hw/gpu_spec.hpp"
#include "hw/link_spec.hpp"
#include "hw/nic_spec.hpp"
#include "hw/storage_spec.hpp"
#include "sim/config/fields.hpp"
#include "sim/core/units.hpp"

namespace tiersim::hw {

struct MachineSpec {
  std::string name;
  GpuSpec gpu;
  std::int64_t gpus = 0;
  LinkSpec gpu_link;                                     ///< one a GPU: PCIe to the host's root
  BytesPerSecond collective_bandwidth;                   ///< all-reduce bus bandwidth between the GPUs; 0 with one GPU
  Duration collective_latency;                           ///< alpha of an all-reduce; 0 with one GPU
  std::vector<CollectiveProtocol> collective_protocols;  ///< of shorter messages, ascending; the two above for the rest
  std::vector<StorageSpec> storage;                      ///< shared by the node's GPUs
  CpuSpec cpu;                                           ///< of each socket
  std::int64_t cpus = 0;                                 ///< sockets; 0: not stated
  NicSpec nic;
  std::int64_t nics = 0;      ///< 0: not stated
  Watts watts{0};             ///< of everything but the GPUs; 0: not stated
  Dollars price_per_hour{0};  ///< of all of it; the GPUs' prices where not given; 0: not stated
};

/// Reads every key; finish() is called. What `load_device` gives must live until read_machine returns.
[[nodiscard]] MachineSpec read_machine(config::Fields& fields, const DeviceLoader& load_device);

}  // namespace tiersim::hw
