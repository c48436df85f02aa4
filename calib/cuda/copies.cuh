#pragma once
/// Copies between host and device memory: pools to copy between, and several ways to copy many pieces.
///
/// Called by the families that measure links. A list names pieces of one direction; copy_one_by_one() queues a copy
/// each, copy_as_batch() one call for all of them (CUDA 12.8 and newer, see has_batched_copies), copy_by_kernel() a
/// kernel of a few thread blocks that reads and writes host memory itself. All are queued on the stream and may be
/// under way when they return. Random data everywhere: word i of every source is random_word(pool_seed, i).
#include <cstdint>
#include <memory>
#include <vector>

#include "calib/cuda/kit.cuh"
#include "calib/cuda/link_sizes.hpp"

namespace tiersim::calib {

inline constexpr std::uint64_t pool_seed = 31;

/// Page-locked host memory that every device may reach. Throws with the size if the host has not that much to lock.
class PinnedMemory {
 public:
  explicit PinnedMemory(std::int64_t bytes);
  ~PinnedMemory();
  PinnedMemory(const PinnedMemory&) = delete;
  PinnedMemory& operator=(const PinnedMemory&) = delete;
  [[nodiscard]] char* data() const { return static_cast<char*>(data_); }

 private:
  void* data_ = nullptr;
};

/// What is copied from, and to: kPoolBytes each, on the host and on the device.
class CopyPools {
 public:
  CopyPools();
  /// Where a copy of this direction comes from and goes to.
  [[nodiscard]] char* from(bool to_device) const { return to_device ? host_source_.data() : bytes_of(device_source_); }
  [[nodiscard]] char* to(bool to_device) const { return to_device ? bytes_of(device_sink_) : host_sink_.data(); }
  void poison(bool to_device, std::int64_t first, std::int64_t bytes);
  /// 0 if `bytes` from `first` of the sink are those from `source` of the source (sampled), else infinity.
  [[nodiscard]] double error(bool to_device, std::int64_t source, std::int64_t first, std::int64_t bytes) const;

 private:
  static char* bytes_of(const DeviceBuffer<std::uint32_t>& buffer) { return reinterpret_cast<char*>(buffer.data()); }
  DeviceBuffer<std::uint32_t> device_source_, device_sink_;
  PinnedMemory host_source_, host_sink_;
};

/// 0 if sampled words of `bytes` at `data` (anywhere) are those of a source from byte `source` on, else infinity.
[[nodiscard]] double compare_words(const char* data, std::int64_t source, std::int64_t bytes);

struct CopyList {
  std::vector<void*> to;
  std::vector<const void*> from;
  std::vector<std::size_t> bytes;
  void add(void* target, const void* source, std::int64_t count) {
    to.push_back(target);
    from.push_back(source);
    bytes.push_back(static_cast<std::size_t>(count));
  }
};

void copy_one_by_one(const CopyList& list, cudaStream_t stream);
void copy_as_batch(const CopyList& list, cudaStream_t stream);

/// Pieces of one size, a multiple of 16 bytes, by number: piece i goes from place from_place[i] to place to_place[i].
struct PlacedCopies {
  const char* from = nullptr;
  char* to = nullptr;
  const int* from_place = nullptr;  ///< on the device
  const int* to_place = nullptr;
  int count = 0;
  std::int64_t bytes = 0;  ///< of a piece
};
void copy_by_kernel(const PlacedCopies& copies, cudaStream_t stream);

}  // namespace tiersim::calib
