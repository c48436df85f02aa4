#include "calib/cuda/kit.cuh"

namespace tiersim::calib {
namespace {

constexpr int kThreads = 256, kBlocks = 4096;

template <class T>
__device__ T converted(std::uint64_t seed, std::uint64_t index, float scale) {
  return T(scale * random_value(seed, index));
}
template <>
__device__ std::int8_t converted(std::uint64_t seed, std::uint64_t index, float scale) {
  return static_cast<std::int8_t>(__float2int_rn(127.0F * scale * random_value(seed, index)));
}
template <>
__device__ std::uint32_t converted(std::uint64_t seed, std::uint64_t index, float) {
  return random_word(seed, index);
}

template <class T>
__global__ void fill(T* data, std::int64_t count, std::uint64_t seed, float scale) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) {
    data[i] = converted<T>(seed, static_cast<std::uint64_t>(i), scale);
  }
}

template <class Word>
__global__ void count_ones(const Word* data, std::int64_t count, unsigned long long* found) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  unsigned long long mine = 0;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) {
    mine += data[i] == static_cast<Word>(~Word{0}) ? 1U : 0U;
  }
  if (mine != 0) atomicAdd(found, mine);
}

}  // namespace

template <class T>
void fill_random(const DeviceBuffer<T>& buffer, std::uint64_t seed, float scale) {
  fill<<<kBlocks, kThreads>>>(buffer.data(), buffer.size(), seed, scale);
  check_launch();
  CUDA_CHECK(cudaDeviceSynchronize());
}
template void fill_random(const DeviceBuffer<__nv_bfloat16>&, std::uint64_t, float);
template void fill_random(const DeviceBuffer<__half>&, std::uint64_t, float);
template void fill_random(const DeviceBuffer<__nv_fp8_e4m3>&, std::uint64_t, float);
template void fill_random(const DeviceBuffer<std::int8_t>&, std::uint64_t, float);
template void fill_random(const DeviceBuffer<float>&, std::uint64_t, float);
template void fill_random(const DeviceBuffer<std::uint32_t>&, std::uint64_t, float);

std::int64_t unwritten_words(const void* data, std::int64_t bytes, int word_bytes) {
  const DeviceBuffer<unsigned long long> found(std::vector<unsigned long long>{0});
  if (word_bytes == 2) {
    count_ones<<<kBlocks, kThreads>>>(static_cast<const std::uint16_t*>(data), bytes / 2, found.data());
  } else {
    count_ones<<<kBlocks, kThreads>>>(static_cast<const std::uint32_t*>(data), bytes / 4, found.data());
  }
  check_launch();
  return static_cast<std::int64_t>(found.read()[0]);
}

}  // namespace tiersim::calib
