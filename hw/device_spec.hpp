#pragma once
/// A machine as its datasheets describe it: GPUs, host memory, drives, and the links between them.
///
/// Read from hw/<machine>.yaml (which names devices in hw/devices/<device>.yaml) or an inline map. Every figure in
/// those files carries its source in a comment. Sizes are bytes as a driver reports them, rates per direction.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/config/fields.hpp"
#include "sim/core/units.hpp"

namespace tiersim::hw {

struct GpuSpec {
  std::string name;
  FlopsPerSecond dense_bf16;
  FlopsPerSecond dense_fp8{0};  ///< 0: the device has none
  Bytes memory;
  BytesPerSecond memory_bandwidth;
  Bytes l2;
  std::int64_t sms = 0;
};

enum class Sharing { fifo, fair };

/// Both directions of one physical link. A flow pays latency once, per_operation for each fragment, and its bytes at
/// its rate; a fragment of x bytes reaches the share x / (x + half_size) of the bandwidth.
///
/// Drives have four caps instead (queueing with caps; a flash translation layer is left out, and so is what writes cost
/// the reads beside them): the rate of a flow of fragments of x bytes is at most
///   queue_depth * x / (latency + x / single_stream),   iops * x,   bandwidth,   what the links above leave,
/// and flows together at most iops and bandwidth of the direction.
struct LinkSpec {
  BytesPerSecond bandwidth{};       ///< upward: towards the GPUs (host to device, drive read)
  BytesPerSecond bandwidth_down{};  ///< the other direction (device to host, drive write)
  BytesPerSecond duplex_cap{0};     ///< of the sum of both directions; 0: none
  Duration latency{};
  Duration per_operation{};
  Bytes half_size{};
  Sharing sharing = Sharing::fair;
  std::int64_t queue_depth = 0;     ///< I/Os that one flow keeps in flight; 0: all that it has
  BytesPerSecond single_stream{0};  ///< of one large I/O at a time, without its latency; 0: the bandwidth's alone
  double read_iops = 0;             ///< per second, upward; 0: no such cap
  double write_iops = 0;            ///< the other direction
  double ridge = 0;                 ///< p >= 1 of a smooth minimum, (sum over caps of time^p)^(1/p); 0: the least
};

/// Memory below the GPUs that KV blocks can live in.
struct StorageSpec {
  std::string name;  ///< what a hierarchy's `tier` refers to: "dram", "ssd"
  Bytes capacity;    ///< as sold; a scenario's tier may use less
  LinkSpec link;     ///< from it to the host's root (a DRAM bus, an NVMe link)
};

struct MachineSpec {
  std::string name;
  GpuSpec gpu;
  std::int64_t gpus = 0;
  LinkSpec gpu_link;                    ///< one a GPU: PCIe to the host's root
  BytesPerSecond collective_bandwidth;  ///< all-reduce bus bandwidth between the GPUs; 0 with one GPU
  Duration collective_latency;          ///< alpha of an all-reduce; 0 with one GPU
  std::vector<StorageSpec> storage;     ///< shared by the node's GPUs
};

/// Reads every key; finish() is called. `load_device` gives the map of hw/devices/<name>.yaml, which must live until
/// read_machine returns, with its diagnostics done, or null after an error.
using DeviceLoader = std::function<const config::Value*(const std::string& name, const SourceMark& from)>;
[[nodiscard]] MachineSpec read_machine(config::Fields& fields, const DeviceLoader& load_device);

}  // namespace tiersim::hw
