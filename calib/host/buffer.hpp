#pragma once
/// Memory for microkernels: aligned to huge pages, in huge pages where the system grants them, touched by its users.
///
/// Called by the host's families. A fresh Buffer has no pages yet; fill_random() makes them, each rank its share, so
/// that on a NUMA machine they lie beside the rank's processor. Kernels run on random data: zeros would be served from
/// one shared page or compressed. Throws std::runtime_error with size and advice if the memory is not there.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "calib/host/team.hpp"

namespace tiersim::calib {

class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::int64_t bytes);

  [[nodiscard]] std::int64_t bytes() const { return bytes_; }
  /// Aligned to 2 MiB.
  template <class T>
  [[nodiscard]] T* as() const {
    return reinterpret_cast<T*>(data_);
  }
  template <class T>
  [[nodiscard]] std::span<T> all() const {
    return {as<T>(), static_cast<std::size_t>(bytes_) / sizeof(T)};
  }

 private:
  struct Unmap {
    std::size_t bytes;
    void operator()(std::byte* begin) const;
  };
  std::unique_ptr<std::byte, Unmap> mapping_;
  std::byte* data_ = nullptr;
  std::int64_t bytes_ = 0;
};

/// Uniform in [0.5, 1.5); rank r fills share_of(elements, 4 KiB, r, team.size()). About 2 GB/s a thread.
void fill_random(Team& team, std::span<double> data, std::uint64_t seed);
void fill_random(Team& team, std::span<float> data, std::uint64_t seed);

}  // namespace tiersim::calib
