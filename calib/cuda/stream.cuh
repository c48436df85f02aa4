#pragma once
/// A persistent kernel that takes an operation over all 16-byte words of a stream.
///
/// For kernels that are bound by memory. An operation has load(word) (any type), use(word, loaded) and finish(), called
/// once per thread; it is copied into each thread, so that it may keep a sum. All loads of a step are under way before
/// the first is used. Tiles and their words: index.hpp.
#include "calib/cuda/index.hpp"
#include "calib/cuda/kit.cuh"

namespace tiersim::calib {

template <class Operation>
__global__ void __launch_bounds__(kStreamThreads) stream(Operation operation, std::int64_t words) {
  const int thread = static_cast<int>(threadIdx.x);
  const std::int64_t tiles = stream_tiles(words);
  for (std::int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    if ((tile + 1) * kStreamTile <= words) {
      decltype(operation.load(0)) x[kUnroll];  // all loads are under way before the first is used
#pragma unroll
      for (int step = 0; step < kUnroll; ++step) x[step] = operation.load(stream_word(tile, step, thread));
#pragma unroll
      for (int step = 0; step < kUnroll; ++step) operation.use(stream_word(tile, step, thread), x[step]);
    } else {
      for (int step = 0; step < kUnroll; ++step) {
        const std::int64_t word = stream_word(tile, step, thread);
        if (word < words) operation.use(word, operation.load(word));
      }
    }
  }
  operation.finish();
}

/// The exclusive or of a warp's sums, stored once per warp of the grid: what kernels that only read leave to be
/// checked.
__device__ inline void store_sum(std::uint32_t sum, std::uint32_t* sums) {
  for (int lanes = kWarp / 2; lanes > 0; lanes /= 2) sum ^= __shfl_xor_sync(0xFFFFFFFFU, sum, lanes);
  if (threadIdx.x % kWarp == 0) sums[(blockIdx.x * blockDim.x + threadIdx.x) / kWarp] = sum;
}

/// As many blocks as are resident at once, or as there is work for.
template <class Operation>
[[nodiscard]] int blocks_for(std::int64_t words, int multiprocessors) {
  int resident = 0;
  CUDA_CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, stream<Operation>, kStreamThreads, 0));
  return stream_blocks(words, std::int64_t{resident} * multiprocessors);
}

}  // namespace tiersim::calib
