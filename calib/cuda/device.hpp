#pragma once
/// What a GPU is, as its driver says, and what its datasheet leads one to expect of it.
///
/// Filled by query_device() (kit.cuh) where there is a GPU; nominal_h200() stands in for plans where there is none. The
/// expected rates serve estimates of time alone, never results. No CUDA here: families' grids depend on it and are
/// tested without a GPU.
#include <cstdint>
#include <string>

namespace tiersim::calib {

struct DeviceInfo {
  std::string name, uuid, pci_bus;
  int major = 0, minor = 0;  ///< compute capability
  int multiprocessors = 0;
  std::int64_t l2_bytes = 0, memory_bytes = 0, free_bytes = 0;
  std::int64_t shared_per_multiprocessor = 0, shared_per_block = 0;  ///< B; the latter with the opt-in
  double clock_mhz = 0, memory_clock_mhz = 0;                        ///< highest
  int bus_bits = 0;
  int driver = 0, runtime = 0;  ///< 13000 is CUDA 13.0; the driver's is the newest that it serves
  int devices = 1;              ///< GPUs that this process sees

  [[nodiscard]] double expected_bytes_per_second() const;
  [[nodiscard]] double expected_flops_per_second() const;  ///< dense bf16
  /// The most that one point may allocate in all.
  [[nodiscard]] std::int64_t usable_bytes() const { return free_bytes - free_bytes / 10; }
};

[[nodiscard]] DeviceInfo nominal_h200();

}  // namespace tiersim::calib
