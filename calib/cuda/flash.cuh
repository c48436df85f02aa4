#pragma once
/// Pieces of flash attention that decode and prefill share: one warp, sixteen query rows, keys and values by tiles.
///
/// Tiles of 16 tokens x Dim elements (bf16) lie in shared memory in chunks of 16 bytes, each row's chunks permuted by
/// the row (swizzled), so that ldmatrix meets no bank twice. Products run on the tensor cores (mma.sync m16n8k16: bf16
/// in, fp32 out), which every device from sm_80 on has. Of the fragments' layouts: lane = 4 row + column pair; a lane
/// holds rows lane/4 and lane/4 + 8. Softmax runs along the tiles with a running maximum (Dao et al. 2022); exponents
/// are of 2, with log2(e) in the scale.
#include <cstdint>
#include <cuda_bf16.h>

#include "calib/cuda/paging.hpp"

namespace tiersim::calib {

/// What one launch works on: a batch of sequences over a paged pool. All pointers are the device's.
struct PagedBatch {
  PagedShape shape;
  const __nv_bfloat16* pool = nullptr;
  const int* table = nullptr;
  const BatchSequence* sequences = nullptr;
  const __nv_bfloat16* queries = nullptr;
  __nv_bfloat16* outputs = nullptr;
  float scale = 0;  ///< of scores, times log2(e)
};

namespace flash {

inline constexpr int tile_tokens = 16;
inline constexpr float minus_infinity = -__builtin_huge_valf();

template <int Dim>
struct Tile {
  static constexpr int chunks = Dim / 8;  ///< of 16 bytes, per token
  uint4 chunk[tile_tokens * chunks];

  __device__ static int place(int token, int c) { return token * chunks + (c ^ (token & 7)); }
};

__device__ inline std::uint32_t shared_address(const void* p) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(p));
}

/// `Threads` threads, this one `thread`, start the copy of 16 consecutive rows into a tile; see commit() and await().
template <int Dim, int Threads>
__device__ inline void start_copy(Tile<Dim>& tile, const __nv_bfloat16* rows, int thread) {
#pragma unroll
  for (int i = thread; i < tile_tokens * Tile<Dim>::chunks; i += Threads) {
    const int token = i / Tile<Dim>::chunks, c = i % Tile<Dim>::chunks;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(&tile.chunk[tile.place(token, c)])),
                 "l"(rows + token * Dim + c * 8)
                 : "memory");
  }
}
__device__ inline void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
/// Until all but the latest `Pending` of this thread's groups have arrived.
template <int Pending>
__device__ inline void await() {
  asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory");
}

__device__ inline void load_matrices(std::uint32_t (&r)[4], const uint4* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}
__device__ inline void load_transposed(std::uint32_t (&r)[4], const uint4* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}

/// c (16 x 8) += a (16 x 16) b (16 x 8)
__device__ inline void multiply_add(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ inline std::uint32_t pack(float low, float high) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return *reinterpret_cast<const std::uint32_t*>(&pair);
}

/// Sixteen query rows as the left factor of scores.
template <int Dim>
struct Queries {
  std::uint32_t part[Dim / 16][4];

  /// `row0` and `row8`: this lane's two rows, null for rows that do not exist (they become zeros).
  __device__ void load(const __nv_bfloat16* row0, const __nv_bfloat16* row8, int lane) {
    const auto pair = [&](const __nv_bfloat16* row, int element) {
      return row == nullptr ? 0u : *reinterpret_cast<const std::uint32_t*>(row + element);
    };
#pragma unroll
    for (int k = 0; k < Dim / 16; ++k) {
      const int element = k * 16 + (lane % 4) * 2;
      part[k][0] = pair(row0, element), part[k][1] = pair(row8, element);
      part[k][2] = pair(row0, element + 8), part[k][3] = pair(row8, element + 8);
    }
  }
};

/// Scores of the rows with `Tiles` tiles: [2 tile + half][fragment], columns 8 (2 tile + half) + 2 (lane % 4) + {0, 1}.
template <int Tiles>
using Scores = float[2 * Tiles][4];

template <int Dim, int Tiles>
__device__ inline void score(Scores<Tiles>& scores, const Queries<Dim>& queries, const Tile<Dim>* keys, int lane) {
  const int matrix = lane / 8, token = (matrix / 2) * 8 + lane % 8;
#pragma unroll
  for (int t = 0; t < Tiles; ++t) {
#pragma unroll
    for (int i = 0; i < 4; ++i) scores[2 * t][i] = scores[2 * t + 1][i] = 0;
#pragma unroll
    for (int k = 0; k < Dim / 16; ++k) {
      std::uint32_t key[4];
      load_matrices(key, &keys[t].chunk[Tile<Dim>::place(token, 2 * k + matrix % 2)]);
      multiply_add(scores[2 * t], queries.part[k], key[0], key[1]);
      multiply_add(scores[2 * t + 1], queries.part[k], key[2], key[3]);
    }
  }
}

/// What the rows have gathered so far: not yet divided by `sum`, which each lane holds of its own columns only.
template <int Dim>
struct Gathered {
  float out[Dim / 8][4];
  float most[2], sum[2];

  __device__ void clear() {
#pragma unroll
    for (auto& o : out) o[0] = o[1] = o[2] = o[3] = 0;
    most[0] = most[1] = minus_infinity, sum[0] = sum[1] = 0;
  }

  /// Turns scores into weights; masked scores are minus infinity.
  template <int Tiles>
  __device__ void weigh(Scores<Tiles>& scores, float scale) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float largest = minus_infinity;
#pragma unroll
      for (auto& s : scores) largest = fmaxf(largest, fmaxf(s[2 * half], s[2 * half + 1]));
      largest = fmaxf(largest, __shfl_xor_sync(~0u, largest, 1));
      largest = fmaxf(largest, __shfl_xor_sync(~0u, largest, 2));
      const float next = fmaxf(most[half], largest * scale);
      const float base = next == minus_infinity ? 0 : next;  // a row of nothing yet: weights 0, not NaN
      const float shrink = exp2f(most[half] - base);
      most[half] = next;
      sum[half] *= shrink;
#pragma unroll
      for (auto& o : out) o[2 * half] *= shrink, o[2 * half + 1] *= shrink;
#pragma unroll
      for (auto& s : scores) {
        s[2 * half] = exp2f(s[2 * half] * scale - base), s[2 * half + 1] = exp2f(s[2 * half + 1] * scale - base);
        sum[half] += s[2 * half] + s[2 * half + 1];
      }
    }
  }

  /// Adds the values by their weights.
  template <int Tiles>
  __device__ void add(const Scores<Tiles>& weights, const Tile<Dim>* values, int lane) {
    const int matrix = lane / 8, token = (matrix % 2) * 8 + lane % 8;
#pragma unroll
    for (int t = 0; t < Tiles; ++t) {
      const auto& left = weights[2 * t];
      const auto& right = weights[2 * t + 1];
      const std::uint32_t weight[4] = {pack(left[0], left[1]), pack(left[2], left[3]), pack(right[0], right[1]),
                                       pack(right[2], right[3])};
#pragma unroll
      for (int d = 0; d < Dim / 16; ++d) {
        std::uint32_t value[4];
        load_transposed(value, &values[t].chunk[Tile<Dim>::place(token, 2 * d + matrix / 2)]);
        multiply_add(out[2 * d], weight, value[0], value[1]);
        multiply_add(out[2 * d + 1], weight, value[2], value[3]);
      }
    }
  }

  /// Sums of whole rows: the four lanes of a row together.
  __device__ void finish() {
#pragma unroll
    for (float& s : sum) {
      s += __shfl_xor_sync(~0u, s, 1);
      s += __shfl_xor_sync(~0u, s, 2);
    }
  }
};

}  // namespace flash
}  // namespace tiersim::calib
