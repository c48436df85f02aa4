#pragma once
/// Eight bf16 elements at a time, which are the 16 bytes that a thread moves at once; sums over warps and blocks.
///
/// Arithmetic is in fp32. Pointers are aligned to 16 bytes. block_reduce() is called by all threads of a block, whose
/// count is a multiple of 32 and at most 1024, and gives every one the result; calls may follow each other.
#include <cstdint>
#include <cuda_bf16.h>

namespace tiersim::calib {

struct Eight {
  float v[8];
};

__device__ inline Eight load8(const __nv_bfloat16* from) {
  const uint4 raw = *reinterpret_cast<const uint4*>(from);
  const std::uint32_t words[4] = {raw.x, raw.y, raw.z, raw.w};
  Eight x;
#pragma unroll
  for (int i = 0; i < 4; ++i) {  // a bf16 is the upper half of an fp32
    x.v[2 * i] = __uint_as_float(words[i] << 16);
    x.v[2 * i + 1] = __uint_as_float(words[i] & 0xFFFF0000U);
  }
  return x;
}

__device__ inline void store8(__nv_bfloat16* to, const Eight& x) {
  __nv_bfloat162 pairs[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) pairs[i] = __floats2bfloat162_rn(x.v[2 * i], x.v[2 * i + 1]);
  *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(pairs);
}

struct Sum {
  static constexpr float kNone = 0;
  __device__ float operator()(float a, float b) const { return a + b; }
};
struct Largest {
  static constexpr float kNone = -3.402823466e38F;
  __device__ float operator()(float a, float b) const { return fmaxf(a, b); }
};

template <class Combine>
__device__ float warp_reduce(float x, Combine combine) {
#pragma unroll
  for (int lanes = 16; lanes > 0; lanes /= 2) x = combine(x, __shfl_xor_sync(0xFFFFFFFFU, x, lanes));
  return x;
}

template <class Combine>
__device__ float block_reduce(float x, Combine combine) {
  __shared__ float of_warp[32];
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  x = warp_reduce(x, combine);
  __syncthreads();  // an earlier call's readers are done
  if (lane == 0) of_warp[warp] = x;
  __syncthreads();
  return warp_reduce(lane < blockDim.x / 32 ? of_warp[lane] : Combine::kNone, combine);
}

}  // namespace tiersim::calib
