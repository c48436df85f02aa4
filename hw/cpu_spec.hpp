#pragma once
/// A processor socket as far as its memory and its power go.
///
/// Read from hw/devices/<name>.yaml of `kind: cpu`, or an inline map, by read_machine and `tiersim list hardware`. A
/// machine's storage `dram` takes its bandwidth from the sockets where it states none. Rates are bytes per second.
/// Reading costs O(keys); errors go to the fields' diagnostics. Left out: NUMA distances, caches, what cores compute.
#include <cstdint>
#include <string>

#include "sim/config/fields.hpp"
#include "sim/core/units.hpp"

namespace tiersim::hw {

struct CpuSpec {
  std::string name;
  std::int64_t cores = 0;
  std::int64_t memory_channels = 0;    ///< of one socket
  BytesPerSecond channel_bandwidth{};  ///< of one channel: transfers per second times its width
  double memory_efficiency = 0.75;     ///< of the channels' peak that copies reach; reads alone 0.75 to 0.85
  Duration memory_latency{};           ///< of a load from local memory
  Watts watts{0};                      ///< TDP of a socket; part of the machine's watts; 0: not stated

  [[nodiscard]] BytesPerSecond memory_peak() const { return channel_bandwidth * static_cast<double>(memory_channels); }
  [[nodiscard]] BytesPerSecond memory_bandwidth() const { return memory_peak() * memory_efficiency; }
};

/// Reads every key; finish() is called.
[[nodiscard]] CpuSpec read_cpu(config::Fields& fields);

}  // namespace tiersim::hw
