#pragma once
/// A GPU as its datasheet describes it: peaks by number type, memory, caches, the links that leave it, power and price.
///
/// Read from hw/devices/<name>.yaml of `kind: gpu`, or an inline map, by read_machine and `tiersim list hardware`.
/// Peaks are those of matrix units on dense operands (no 2:4 sparsity), accumulating in fp32, in operations per second;
/// fp32 is that of the vector units. Rates of links are per direction. Sizes are bytes as a driver reports them. Power
/// is the board's limit (TDP); prices are examples of what a rented hour costs. Reading costs O(keys); errors go to the
/// fields' diagnostics. Left out: clocks, the power that memory traffic alone takes, partitions of a GPU.
#include <cstdint>
#include <string>

#include "sim/config/fields.hpp"
#include "sim/core/units.hpp"

namespace tiersim::hw {

enum class NumberType { fp32, tf32, bf16, fp16, fp8, int8, fp4 };

struct GpuSpec {
  std::string name;
  FlopsPerSecond dense_fp32{0};  ///< of this and the next ones, 0: has none, or not stated
  FlopsPerSecond dense_tf32{0};
  FlopsPerSecond dense_bf16{0};
  FlopsPerSecond dense_fp16{0};  ///< bf16's where not given
  FlopsPerSecond dense_fp8{0};
  FlopsPerSecond dense_int8{0};
  FlopsPerSecond dense_fp4{0};
  Bytes memory;
  BytesPerSecond memory_bandwidth;
  Bytes l2;
  std::int64_t sms = 0;           ///< multiprocessors, or compute units
  Bytes shared_memory_per_sm{0};  ///< 0: not stated
  /// Rows of queries that each decoding sequence takes in a kernel over chunks and decoding sequences at once, as
  /// engines run FlashAttention-2; 0: such steps take two kernels' time, or pack rows (FlashAttention-3).
  std::int64_t mixed_attention_tile = 0;
  BytesPerSecond nvlink_bandwidth{0};  ///< to the other GPUs (NVLink, Infinity Fabric); 0: none
  std::int64_t pcie_generation = 0;    ///< 0: not stated
  std::int64_t pcie_lanes = 0;
  BytesPerSecond host_bandwidth{
      0};                     ///< raw, of a link to the host that is no PCIe (NVLink-C2C, shared memory); 0: none
  Watts watts{0};             ///< 0: not stated
  Watts idle_watts{0};        ///< 0.15 x watts where not given: assumed
  Dollars price_per_hour{0};  ///< 0: not stated

  /// 0 for a type that the GPU does not have.
  [[nodiscard]] FlopsPerSecond peak(NumberType type) const;
  /// In 16 bits: bf16's peak, or fp16's where there is no bf16.
  [[nodiscard]] FlopsPerSecond half_peak() const { return dense_bf16.value() > 0 ? dense_bf16 : dense_fp16; }
  /// Raw rate of its link to the host; 0: not stated.
  [[nodiscard]] BytesPerSecond host_link_peak() const;
};

/// Raw rate of a PCIe link per direction, less its line code where that is 8b/10b (generations 1 and 2).
[[nodiscard]] BytesPerSecond pcie_bandwidth(std::int64_t generation, std::int64_t lanes);

/// Reads every key; finish() is called.
[[nodiscard]] GpuSpec read_gpu(config::Fields& fields);

}  // namespace tiersim::hw
