// What the caches give: a set that stays in the L2, read again and again past the L1, and shared memory.
#include <limits>

#include "calib/cuda/sizes.hpp"
#include "calib/cuda/stream.cuh"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kCheckedWarps = 4;

/// Blocks take tiles of all passes in turn, so that none has more to do than another. The set is whole tiles.
__global__ void __launch_bounds__(kStreamThreads)
    l2_read(const uint4* set, std::uint32_t tiles, std::uint32_t passes, std::uint32_t* sums) {
  const int thread = static_cast<int>(threadIdx.x);
  std::uint32_t sum = 0;
  for (std::uint32_t turn = blockIdx.x; turn < tiles * passes; turn += gridDim.x) {
    uint4 x[kUnroll];
#pragma unroll
    for (int step = 0; step < kUnroll; ++step) x[step] = __ldcg(set + stream_word(turn % tiles, step, thread));
#pragma unroll
    for (int step = 0; step < kUnroll; ++step) sum ^= x[step].x ^ x[step].y ^ x[step].z ^ x[step].w;
  }
  store_sum(sum, sums);
}

__global__ void __launch_bounds__(kSharedThreads) shared_read(int passes, std::uint32_t* sums) {
  __shared__ uint4 words[kSharedWords];
  const int thread = static_cast<int>(threadIdx.x);
  for (int word = thread; word < kSharedWords; word += kSharedThreads) {
    words[word] = {random_word(1, 4 * word), random_word(1, 4 * word + 1), random_word(1, 4 * word + 2),
                   random_word(1, 4 * word + 3)};
  }
  __syncthreads();
  std::uint32_t sum = 0;
  for (int pass = 0; pass < passes; ++pass) {
    uint4 x[kSharedReads];
#pragma unroll
    for (int read = 0; read < kSharedReads; ++read) x[read] = words[shared_word(thread, pass, read)];
#pragma unroll
    for (int read = 0; read < kSharedReads; ++read) sum ^= x[read].x ^ x[read].y ^ x[read].z ^ x[read].w;
  }
  store_sum(sum, sums);
}

/// The exclusive or of a 16-byte word's four parts, as both kernels find them.
std::uint32_t folded(std::int64_t word) {
  std::uint32_t sum = 0;
  for (std::int64_t part = 0; part < 4; ++part) sum ^= random_word(1, static_cast<std::uint64_t>(4 * word + part));
  return sum;
}

/// Compares sampled warps' sums with expected(block, first thread of the warp): equal or infinitely wrong.
template <class Expected>
double check_of(const DeviceBuffer<std::uint32_t>& sums, int threads, const Expected& expected) {
  const std::int64_t warps = threads / kWarp;
  for (const std::int64_t warp : sampled_places(sums.size(), kCheckedWarps, 9)) {
    std::uint32_t sum = 0;
    for (int lane = 0; lane < kWarp; ++lane) {
      sum ^= expected(warp / warps, static_cast<int>(warp % warps) * kWarp + lane);
    }
    if (sums.read(warp, 1)[0] != sum) return std::numeric_limits<double>::infinity();
  }
  return 0;
}

class Cache final : public SweptFamily {
 public:
  explicit Cache(const CudaSetup& setup) : SweptFamily(setup, cache_sizes(setup.device)) {}

  Sample measure(const Point& point, const Effort& effort) override {
    return point.kernel == "l2_read" ? l2(point, effort) : shared(point, effort);
  }

 private:
  Sample finished(const Point& point, const Effort& effort, const Launch& launch, double check) {
    return sample_of(point, 0, load(point).bytes, gpu().time(effort, launch), check);
  }

  Sample l2(const Point& point, const Effort& effort) {
    const DeviceBuffer<std::uint32_t> set(static_cast<std::int64_t>(point.at("set")) / 4);
    fill_random(set, 1);
    const auto tiles = static_cast<std::uint32_t>(set.size() / 4 / kStreamTile);
    const auto passes = static_cast<std::uint32_t>(point.at("passes"));
    int resident = 0;
    CUDA_CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, l2_read, kStreamThreads, 0));
    const int blocks = resident * gpu().info().multiprocessors;
    DeviceBuffer<std::uint32_t> sums(std::int64_t{blocks} * kStreamThreads / kWarp);
    const Launch launch = [&](cudaStream_t queue, std::int64_t) {
      l2_read<<<blocks, kStreamThreads, 0, queue>>>(reinterpret_cast<const uint4*>(set.data()), tiles, passes,
                                                    sums.data());
    };
    sums.poison();
    gpu().run(launch);
    const double check = check_of(sums, kStreamThreads, [&](std::int64_t block, int thread) {
      std::uint32_t sum = 0;
      for (std::int64_t turn = block; turn < std::int64_t{tiles} * passes; turn += blocks) {
        for (int step = 0; step < kUnroll; ++step) sum ^= folded(stream_word(turn % tiles, step, thread));
      }
      return sum;
    });
    return finished(point, effort, launch, check);
  }

  Sample shared(const Point& point, const Effort& effort) {
    const int passes = static_cast<int>(point.at("passes"));
    const int blocks = shared_blocks(gpu().info().multiprocessors);
    DeviceBuffer<std::uint32_t> sums(std::int64_t{blocks} * kSharedThreads / kWarp);
    const Launch launch = [&](cudaStream_t queue, std::int64_t) {
      shared_read<<<blocks, kSharedThreads, 0, queue>>>(passes, sums.data());
    };
    sums.poison();
    gpu().run(launch);
    std::vector<std::uint32_t> words(kSharedWords);
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = folded(static_cast<std::int64_t>(i));
    const double check = check_of(sums, kSharedThreads, [&](std::int64_t, int thread) {
      std::uint32_t sum = 0;
      for (int pass = 0; pass < passes; ++pass) {
        for (int read = 0; read < kSharedReads; ++read) {
          sum ^= words[static_cast<std::size_t>(shared_word(thread, pass, read))];
        }
      }
      return sum;
    });
    return finished(point, effort, launch, check);
  }
};

}  // namespace

std::unique_ptr<Family> cache_family(const CudaSetup& setup) { return std::make_unique<Cache>(setup); }

}  // namespace tiersim::calib
