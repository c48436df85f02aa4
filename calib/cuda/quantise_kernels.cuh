#pragma once
/// KV between bf16 and codes of 8 or 4 bits: symmetric, a half-precision scale for each group of 64.
///
/// Launched by the family quantise, a block of kTileThreads for each tile (x: along the channels, y: along the tokens);
/// tokens are a multiple of kTileTokens and channels of kTileChannels (index.hpp, with the place of a group's scale).
/// A code is rint(x / scale), scale = half(largest |x| of the group / the largest code); int4 codes are stored plus 8,
/// two a byte, the lower first. Eight codes lie together as they are read and written.
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include "calib/cuda/eight.cuh"
#include "calib/cuda/index.hpp"

namespace tiersim::calib {

constexpr int kTileThreads = 256;
constexpr int kTokensOfThread = kTileTokens / (kTileThreads / kWarp);

struct Int8 {
  using Packed = uint2;  // eight codes
  static constexpr float kLargest = 127;
  __device__ static Packed encode(const Eight& x) {
    std::uint32_t words[2] = {0, 0};
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const int code = __float2int_rn(fminf(fmaxf(x.v[i], -kLargest), kLargest));
      words[i / 4] |= (static_cast<std::uint32_t>(code) & 0xFFU) << (i % 4 * 8);
    }
    return {words[0], words[1]};
  }
  __device__ static Eight decode(Packed codes) {
    Eight x;
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const std::uint32_t byte = (i < 4 ? codes.x : codes.y) >> (i % 4 * 8);
      x.v[i] = static_cast<float>(static_cast<std::int8_t>(byte & 0xFFU));
    }
    return x;
  }
};

struct Int4 {
  using Packed = std::uint32_t;
  static constexpr float kLargest = 7;
  __device__ static Packed encode(const Eight& x) {
    std::uint32_t word = 0;
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const int code = __float2int_rn(fminf(fmaxf(x.v[i], -kLargest), kLargest)) + 8;
      word |= static_cast<std::uint32_t>(code) << (4 * i);
    }
    return word;
  }
  __device__ static Eight decode(Packed codes) {
    Eight x;
#pragma unroll
    for (int i = 0; i < 8; ++i) x.v[i] = static_cast<float>(static_cast<int>(codes >> (4 * i) & 15U) - 8);
    return x;
  }
};

struct Fp8 {
  using Packed = uint2;
  static constexpr float kLargest = 448;
  __device__ static Packed encode(const Eight& x) {
    std::uint32_t words[2] = {0, 0};
#pragma unroll
    for (int i = 0; i < 8; i += 2) {
      const auto pair = __nv_cvt_float2_to_fp8x2(make_float2(x.v[i], x.v[i + 1]), __NV_SATFINITE, __NV_E4M3);
      words[i / 4] |= static_cast<std::uint32_t>(pair) << (i % 4 * 8);
    }
    return {words[0], words[1]};
  }
  __device__ static Eight decode(Packed codes) {
    Eight x;
#pragma unroll
    for (int i = 0; i < 8; i += 2) {
      const auto pair = static_cast<__nv_fp8x2_storage_t>((i < 4 ? codes.x : codes.y) >> (i % 4 * 8) & 0xFFFFU);
      const float2 both = __half22float2(__half2(__nv_cvt_fp8x2_to_halfraw2(pair, __NV_E4M3)));
      x.v[i] = both.x;
      x.v[i + 1] = both.y;
    }
    return x;
  }
};

/// Where a thread's work lies: its first token and its eight channels.
struct TilePlace {
  std::int64_t token;
  int channel, lane;
};
__device__ inline TilePlace tile_place() {
  const int lane = static_cast<int>(threadIdx.x) % kWarp, warp = static_cast<int>(threadIdx.x) / kWarp;
  return {static_cast<std::int64_t>(blockIdx.y) * kTileTokens + warp * kTokensOfThread,
          static_cast<int>(blockIdx.x) * kTileChannels + lane * 8, lane};
}

__device__ inline float largest_of(const Eight& x) {
  float largest = 0;
#pragma unroll
  for (int j = 0; j < 8; ++j) largest = fmaxf(largest, fabsf(x.v[j]));
  return largest;
}

/// The scale as it is stored, and what to multiply with.
struct Scale {
  __half stored;
  float inverse;
  __device__ Scale(float largest, float largest_code) : stored(__float2half_rn(largest / largest_code)), inverse(0) {
    const float scale = __half2float(stored);
    if (scale > 0) inverse = 1.0F / scale;
  }
};

template <class Code>
__device__ void quantise_by_token(const Eight* x, TilePlace at, int n, typename Code::Packed* codes, __half* scales) {
#pragma unroll
  for (int t = 0; t < kTokensOfThread; ++t) {
    float largest = largest_of(x[t]);
#pragma unroll
    for (int lanes = kGroup / 16; lanes > 0; lanes /= 2) {  // the group's lanes
      largest = fmaxf(largest, __shfl_xor_sync(0xFFFFFFFFU, largest, lanes));
    }
    const Scale scale(largest, Code::kLargest);
    if (at.lane % (kGroup / 8) == 0) scales[scale_place(false, at.token + t, at.channel, n)] = scale.stored;
    Eight scaled = x[t];
#pragma unroll
    for (int j = 0; j < 8; ++j) scaled.v[j] *= scale.inverse;
    codes[((at.token + t) * n + at.channel) / 8] = Code::encode(scaled);
  }
}

template <class Code>
__device__ void quantise_by_channel(const Eight* x, TilePlace at, int n, typename Code::Packed* codes, __half* scales) {
  __shared__ float largest[kTileThreads / kWarp][8][kWarp];  // of each warp's tokens; lanes side by side: no conflicts
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
#pragma unroll
  for (int j = 0; j < 8; ++j) {
    float of_thread = 0;
#pragma unroll
    for (int t = 0; t < kTokensOfThread; ++t) of_thread = fmaxf(of_thread, fabsf(x[t].v[j]));
    largest[warp][j][at.lane] = of_thread;
  }
  __syncthreads();
  Eight inverse;
#pragma unroll
  for (int j = 0; j < 8; ++j) {
    float of_group = 0;
#pragma unroll
    for (int other = 0; other < kTileThreads / kWarp; ++other) {
      of_group = fmaxf(of_group, largest[other][j][at.lane]);
    }
    const Scale scale(of_group, Code::kLargest);
    inverse.v[j] = scale.inverse;
    if (warp == 0) scales[scale_place(true, at.token, at.channel + j, n)] = scale.stored;
  }
#pragma unroll
  for (int t = 0; t < kTokensOfThread; ++t) {
    Eight scaled = x[t];
#pragma unroll
    for (int j = 0; j < 8; ++j) scaled.v[j] *= inverse.v[j];
    codes[((at.token + t) * n + at.channel) / 8] = Code::encode(scaled);
  }
}

template <class Code, bool kByChannel>
__global__ void __launch_bounds__(kTileThreads)
    quantise(const __nv_bfloat16* from, int n, typename Code::Packed* codes, __half* scales) {
  const TilePlace at = tile_place();
  Eight x[kTokensOfThread];
#pragma unroll
  for (int t = 0; t < kTokensOfThread; ++t) x[t] = load8(from + (at.token + t) * n + at.channel);
  if constexpr (kByChannel) {
    quantise_by_channel<Code>(x, at, n, codes, scales);
  } else {
    quantise_by_token<Code>(x, at, n, codes, scales);
  }
}

/// The scales of eight channels of a token.
template <bool kByChannel>
__device__ Eight scales_of(const __half* scales, std::int64_t token, int channel, int n) {
  Eight scale;
#pragma unroll
  for (int j = 0; j < 8; ++j) {
    scale.v[j] =
        kByChannel || j == 0 ? __half2float(scales[scale_place(kByChannel, token, channel + j, n)]) : scale.v[0];
  }
  return scale;
}

template <class Code, bool kByChannel>
__global__ void __launch_bounds__(kTileThreads)
    dequantise(const typename Code::Packed* __restrict__ codes, const __half* __restrict__ scales, int n,
               __nv_bfloat16* __restrict__ to) {
  const TilePlace at = tile_place();
  typename Code::Packed packed[kTokensOfThread];
#pragma unroll
  for (int t = 0; t < kTokensOfThread; ++t) packed[t] = codes[((at.token + t) * n + at.channel) / 8];
#pragma unroll
  for (int t = 0; t < kTokensOfThread; ++t) {
    Eight x = Code::decode(packed[t]);
    // A channel's group is the whole tile's.
    const Eight scale = scales_of<kByChannel>(scales, kByChannel ? at.token : at.token + t, at.channel, n);
#pragma unroll
    for (int j = 0; j < 8; ++j) x.v[j] *= scale.v[j];
    store8(to + (at.token + t) * n + at.channel, x);
  }
}

}  // namespace tiersim::calib
