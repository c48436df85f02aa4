#include "calib/cuda/device.hpp"

namespace tiersim::calib {

double DeviceInfo::expected_bytes_per_second() const {
  constexpr double kReached = 0.88;
  return kReached * 2.0 * memory_clock_mhz * 1e6 * bus_bits / 8.0;
}

double DeviceInfo::expected_flops_per_second() const {
  constexpr double kReached = 0.75;
  // Dense bf16 products with fp32 sums, per multiprocessor and clock (whitepapers of the generations).
  double per_clock = 1024;  // 8.6, 8.9, 12.x
  if (major == 8 && minor == 0) per_clock = 2048;
  if (major == 9) per_clock = 4096;
  if (major == 10) per_clock = 8192;
  return kReached * per_clock * multiprocessors * clock_mhz * 1e6;
}

DeviceInfo nominal_h200() {
  DeviceInfo h200;
  h200.name = "NVIDIA H200 (nominal, no GPU was asked)";
  h200.major = 9;
  h200.multiprocessors = 132;
  h200.l2_bytes = 60LL << 20;
  h200.memory_bytes = 143'771LL << 20;
  h200.free_bytes = 142'000LL << 20;
  h200.shared_per_multiprocessor = 228LL << 10;
  h200.shared_per_block = 227LL << 10;
  h200.clock_mhz = 1980;
  h200.memory_clock_mhz = 3201;
  h200.bus_bits = 6144;
  return h200;
}

}  // namespace tiersim::calib
