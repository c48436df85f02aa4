#pragma once
/// The sizes of the families that move data over links, and into which pieces a point's bytes are cut.
///
/// Called by the families of the same names and by the test on the host. Host memory is pinned in pools of
/// kPoolBytes; successive runs take successive places in them, so that no cache holds what is moved. Pure; no CUDA.
#include <cstdint>

#include "calib/cuda/swept_family.hpp"

namespace tiersim::calib {

constexpr std::int64_t kPoolBytes = 1LL << 30;
constexpr std::int64_t kBatchedCopies = 16;       ///< of one call, in the transfer family
constexpr std::int64_t kExpertChunk = 2LL << 20;  ///< B, of an expert fetched in many pieces
constexpr std::int64_t kPlaceGrain = 256;         ///< B: places begin at multiples of it

[[nodiscard]] FamilySizes transfer_sizes(const DeviceInfo& device);
[[nodiscard]] FamilySizes fragments_sizes(const DeviceInfo& device);
[[nodiscard]] FamilySizes experts_sizes();
[[nodiscard]] FamilySizes peer_sizes(const DeviceInfo& device);        ///< nothing where there is one GPU
[[nodiscard]] FamilySizes all_reduce_sizes(const DeviceInfo& device);  ///< likewise

/// Copies by one call (cudaMemcpyBatchAsync): from CUDA 12.8 on, driver and runtime.
[[nodiscard]] bool has_batched_copies(const DeviceInfo& device);

/// A run moves `count` pieces of `bytes` each, in one direction; the last may be shorter, so that they are `total`.
struct Pieces {
  std::int64_t count = 1, bytes = 0, total = 0;
  [[nodiscard]] std::int64_t first(std::int64_t piece) const { return piece * bytes; }
  [[nodiscard]] std::int64_t length(std::int64_t piece) const {
    return piece + 1 == count ? total - first(piece) : bytes;
  }
};
[[nodiscard]] Pieces pieces_of(const Point& point);

/// Where in a pool a run's bytes begin: the next place, round and round. bytes <= kPoolBytes.
[[nodiscard]] std::int64_t place_of(std::int64_t run, std::int64_t bytes);

}  // namespace tiersim::calib
