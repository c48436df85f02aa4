#pragma once
/// The k largest of each row, as sampling needs them: a radix selection on the bits of bf16.
///
/// Launched by the family elementwise with kTopKThreads threads and a block a row; n a multiple of 8, 0 < k <= n and
/// k at most 2^15. Reads a row three times, twice from the L2: it counts the upper 12 bits of the keys, finds the bin
/// of the k-th largest, counts the lower 4 bits within that bin, and collects what lies above the k-th largest and as
/// many of its equals as are missing. Values and places come in no order.
#include "calib/cuda/eight.cuh"
#include "calib/cuda/index.hpp"

namespace tiersim::calib {

constexpr int kTopKThreads = 1024;
constexpr int kTopKBins = 4096, kLowBins = 16;

/// Calls visit(key, place) for all elements of the row, split over the block's threads.
template <class Visit>
__device__ void for_each_key(const __nv_bfloat16* row, int n, Visit visit) {
  for (int i = static_cast<int>(threadIdx.x) * 8; i < n; i += kTopKThreads * 8) {
    const uint4 raw = *reinterpret_cast<const uint4*>(row + i);
    const std::uint32_t words[4] = {raw.x, raw.y, raw.z, raw.w};
#pragma unroll
    for (int j = 0; j < 8; ++j) {
      visit(ordered_key(j % 2 == 0 ? words[j / 2] & 0xFFFFU : words[j / 2] >> 16), i + j);
    }
  }
}

/// Where the wanted-th largest lies, and which of its bin it is.
struct Found {
  int bin, rank;
};

/// The bin (of counts[0, kTopKBins), largest last) in which the running count from above first reaches `wanted`.
/// All threads call it; the result is `found` after it returns.
__device__ inline void find_bin(const int* counts, int wanted, Found* found) {
  constexpr int kEach = kTopKBins / kTopKThreads;
  __shared__ int above_group[kTopKThreads];  // counts of this thread's bins and all above, once scanned
  const int thread = static_cast<int>(threadIdx.x);
  const int top = kTopKBins - 1 - thread * kEach;  // the highest of this thread's bins
  int mine = 0;
  for (int i = 0; i < kEach; ++i) mine += counts[top - i];
  above_group[thread] = mine;
  __syncthreads();
  for (int distance = 1; distance < kTopKThreads; distance *= 2) {
    const int before = thread >= distance ? above_group[thread - distance] : 0;
    __syncthreads();
    above_group[thread] += before;
    __syncthreads();
  }
  int above = above_group[thread] - mine;
  for (int i = 0; i < kEach; ++i) {
    const int count = counts[top - i];
    if (above < wanted && wanted <= above + count) *found = {top - i, wanted - above};
    above += count;
  }
  __syncthreads();
}

__global__ void __launch_bounds__(kTopKThreads)
    top_k(const __nv_bfloat16* x, int n, int k, __nv_bfloat16* values, std::int32_t* places) {
  __shared__ int counts[kTopKBins], low_counts[kLowBins];
  __shared__ int taken, equals, threshold, equals_wanted;
  __shared__ Found found;
  const int thread = static_cast<int>(threadIdx.x);
  const __nv_bfloat16* row = x + static_cast<std::int64_t>(blockIdx.x) * n;
  for (int i = thread; i < kTopKBins; i += kTopKThreads) counts[i] = 0;
  if (thread < kLowBins) low_counts[thread] = 0;
  if (thread == 0) taken = equals = 0;
  __syncthreads();

  for_each_key(row, n, [&](std::uint32_t key, int) { atomicAdd(&counts[key / kLowBins], 1); });
  __syncthreads();
  find_bin(counts, k, &found);

  const auto bin = static_cast<std::uint32_t>(found.bin);
  for_each_key(row, n, [&](std::uint32_t key, int) {
    if (key / kLowBins == bin) atomicAdd(&low_counts[key % kLowBins], 1);
  });
  __syncthreads();
  if (thread == 0) {
    int low = kLowBins - 1, rank = found.rank;
    for (; rank > low_counts[low]; --low) rank -= low_counts[low];
    threshold = static_cast<int>(bin) * kLowBins + low;
    equals_wanted = rank;
  }
  __syncthreads();

  const auto kth = static_cast<std::uint32_t>(threshold);
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * k;
  for_each_key(row, n, [&](std::uint32_t key, int place) {
    if (key < kth || (key == kth && atomicAdd(&equals, 1) >= equals_wanted)) return;
    const int slot = atomicAdd(&taken, 1);
    values[first + slot] = __ushort_as_bfloat16(static_cast<unsigned short>(bits_of_key(key)));
    places[first + slot] = place;
  });
}

}  // namespace tiersim::calib
