#pragma once
/// The sizes of the families that measure memory, caches, small kernels and fixed costs, and what a point of each
/// moves, computes and allocates.
///
/// Called by the families of the same names (one .cu each), which take shapes from the functions below. Widths and
/// blocks are multiples of what the kernels read at once. Pure; no CUDA.
#include <cstdint>

#include "calib/cuda/swept_family.hpp"

namespace tiersim::calib {

[[nodiscard]] FamilySizes memory_sizes(const DeviceInfo& device);
[[nodiscard]] FamilySizes gather_sizes(const DeviceInfo& device);
[[nodiscard]] FamilySizes cache_sizes(const DeviceInfo& device);
[[nodiscard]] FamilySizes elementwise_sizes();
[[nodiscard]] FamilySizes quantise_sizes();
[[nodiscard]] FamilySizes overhead_sizes();
[[nodiscard]] FamilySizes mapping_sizes();

/// 16-byte words of each of a stream's arrays: read and write have one, copy two, triad three.
struct StreamShape {
  std::int64_t arrays = 0, words = 0;
};
[[nodiscard]] StreamShape stream_shape(const Point& point);

/// Blocks gathered in one run, out of a pool that holds `spread` times as many for each of `copies` runs.
struct GatherShape {
  std::int64_t block_bytes = 0, blocks = 0, spread = 0, copies = 0;
  [[nodiscard]] std::int64_t run_bytes() const { return block_bytes * blocks; }
  [[nodiscard]] std::int64_t pool_blocks() const { return blocks * spread * copies; }
};
[[nodiscard]] GatherShape gather_shape(const Point& point, const DeviceInfo& device);

/// Bytes of KV codes for `elements` of a variant "int8 token", "int4 channel", ...
[[nodiscard]] double code_bytes(const Point& point, double elements);

constexpr std::int64_t kPageBytes = 2LL << 20;  ///< of mapped memory

}  // namespace tiersim::calib
