#pragma once
/// Random data for kernels: a hash of a seed and an index, the same on host and device.
///
/// So a reference on the host can recompute any element of an input that was filled on the device. Never for decisions
/// of the simulator (those draw from sim/core/rng.hpp). Works with and without a CUDA compiler.
#include <cstdint>

#ifdef __CUDACC__
#define TIERSIM_BOTH __host__ __device__
#else
#define TIERSIM_BOTH
#endif

namespace tiersim::calib {

/// 32 well-mixed bits (the finaliser of splitmix64).
TIERSIM_BOTH inline std::uint32_t random_word(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t x = seed * 0xd1342543de82ef95ULL + (index + 1) * 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return static_cast<std::uint32_t>((x ^ (x >> 31)) >> 32);
}

/// Uniform in [-1, 1], exact in both places: one conversion and a power of two.
TIERSIM_BOTH inline float random_value(std::uint64_t seed, std::uint64_t index) {
  return static_cast<float>(static_cast<std::int32_t>(random_word(seed, index))) * 0x1p-31F;
}

}  // namespace tiersim::calib
