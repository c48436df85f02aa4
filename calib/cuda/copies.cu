#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "calib/cuda/copies.cuh"
#include "calib/cuda/index.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kSampledWords = 64;
// A kernel that copies over a link needs little of the device: some 100 KB in flight fill PCIe.
constexpr int kCopyBlocks = 16, kCopyThreads = 512, kInFlight = 4;

__global__ void __launch_bounds__(kCopyThreads) copy_placed(PlacedCopies c) {
  const auto words = static_cast<std::uint32_t>(c.bytes / 16);  // of a piece
  const std::int64_t all = static_cast<std::int64_t>(words) * c.count;
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  const auto place = [words](const int* places, std::int64_t word) {
    return static_cast<std::int64_t>(places[word / words]) * words + word % words;
  };
  const auto* from = reinterpret_cast<const uint4*>(c.from);
  auto* to = reinterpret_cast<uint4*>(c.to);
  for (std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; first < all;
       first += kInFlight * step) {
    uint4 held[kInFlight];
#pragma unroll
    for (int i = 0; i < kInFlight; ++i) {
      if (first + i * step < all) held[i] = from[place(c.from_place, first + i * step)];
    }
#pragma unroll
    for (int i = 0; i < kInFlight; ++i) {
      if (first + i * step < all) to[place(c.to_place, first + i * step)] = held[i];
    }
  }
}

}  // namespace

PinnedMemory::PinnedMemory(std::int64_t bytes) {
  const cudaError_t error = cudaHostAlloc(&data_, static_cast<std::size_t>(bytes), cudaHostAllocPortable);
  if (error == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());
  throw std::runtime_error("cannot lock " + std::to_string(bytes) + " B of host memory: " + cudaGetErrorString(error) +
                           "; raise the limit (ulimit -l) or leave the families of transfers out");
}
PinnedMemory::~PinnedMemory() { static_cast<void>(cudaFreeHost(data_)); }

CopyPools::CopyPools()
    : device_source_(kPoolBytes / 4), device_sink_(kPoolBytes / 4), host_source_(kPoolBytes), host_sink_(kPoolBytes) {
  fill_random(device_source_, pool_seed);
  CUDA_CHECK(cudaMemcpy(host_source_.data(), device_source_.data(), kPoolBytes, cudaMemcpyDeviceToHost));
  poison(true, 0, kPoolBytes);
  poison(false, 0, kPoolBytes);
}

void CopyPools::poison(bool to_device, std::int64_t first, std::int64_t bytes) {
  if (to_device) {
    CUDA_CHECK(cudaMemset(to(true) + first, 0xFF, static_cast<std::size_t>(bytes)));
    CUDA_CHECK(cudaDeviceSynchronize());
  } else {
    std::memset(to(false) + first, 0xFF, static_cast<std::size_t>(bytes));
  }
}

double compare_words(const char* data, std::int64_t source, std::int64_t bytes) {
  for (const std::int64_t word : sampled_places(bytes / 4, kSampledWords, 1)) {
    std::uint32_t got = 0;
    CUDA_CHECK(cudaMemcpy(&got, data + 4 * word, sizeof got, cudaMemcpyDefault));
    if (got != random_word(pool_seed, static_cast<std::uint64_t>(source / 4 + word))) {
      return std::numeric_limits<double>::infinity();
    }
  }
  return 0;
}

double CopyPools::error(bool to_device, std::int64_t source, std::int64_t first, std::int64_t bytes) const {
  return compare_words(to(to_device) + first, source, bytes);
}

void copy_one_by_one(const CopyList& list, cudaStream_t stream) {
  for (std::size_t i = 0; i < list.to.size(); ++i) {
    CUDA_CHECK(cudaMemcpyAsync(list.to[i], list.from[i], list.bytes[i], cudaMemcpyDefault, stream));
  }
}

void copy_as_batch(const CopyList& list, cudaStream_t stream) {
#if CUDART_VERSION >= 12080
  cudaMemcpyAttributes attributes{};
  attributes.srcAccessOrder = cudaMemcpySrcAccessOrderStream;
  std::size_t from_first = 0;  // these attributes hold from the first copy on
#if CUDART_VERSION >= 13000
  CUDA_CHECK(cudaMemcpyBatchAsync(list.to.data(), list.from.data(), list.bytes.data(), list.to.size(), &attributes,
                                  &from_first, 1, stream));
#else
  CopyList own = list;  // this version wants to be able to write
  std::vector<void*> from;
  for (const void* source : own.from) from.push_back(const_cast<void*>(source));
  std::size_t failed = 0;
  CUDA_CHECK(cudaMemcpyBatchAsync(own.to.data(), from.data(), own.bytes.data(), own.to.size(), &attributes, &from_first,
                                  1, &failed, stream));
#endif
#else
  static_cast<void>(list), static_cast<void>(stream);
  throw std::runtime_error("this program was built with a CUDA older than 12.8, which cannot copy in batches");
#endif
}

void copy_by_kernel(const PlacedCopies& copies, cudaStream_t stream) {
  copy_placed<<<kCopyBlocks, kCopyThreads, 0, stream>>>(copies);
}

}  // namespace tiersim::calib
