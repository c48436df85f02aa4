// Blocks gathered from a pool, as an engine gathers a request's blocks of KV: by a random page table, or at a stride.
#include <limits>

#include "calib/cuda/sizes.hpp"
#include "calib/cuda/stream.cuh"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kCheckedBlocks = 64;
constexpr int kThreads = 256;

/// Word i of the output lies in block i / block_words of the run; where that block is in the pool, `table` says.
struct Paged {
  const uint4* pool;
  const std::uint32_t* table;
  uint4* to;
  std::uint32_t block_words;
  __device__ uint4 load(std::int64_t word) const {
    const auto at = static_cast<std::uint32_t>(word), block = at / block_words;
    return pool[static_cast<std::int64_t>(table[block]) * block_words + (at - block * block_words)];
  }
  __device__ void use(std::int64_t word, const uint4& x) const { to[word] = x; }
  __device__ void finish() const {}
};

struct Strided {
  const uint4* pool;
  uint4* to;
  std::uint32_t block_words, stride;  // in blocks
  __device__ uint4 load(std::int64_t word) const {
    const auto at = static_cast<std::uint32_t>(word), block = at / block_words;
    return pool[static_cast<std::int64_t>(block) * stride * block_words + (at - block * block_words)];
  }
  __device__ void use(std::int64_t word, const uint4& x) const { to[word] = x; }
  __device__ void finish() const {}
};

__global__ void fill_table(std::uint32_t* table, std::int64_t count, std::uint64_t seed) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < count) table[i] = static_cast<std::uint32_t>(permuted(seed, i, count));
}

class Gather final : public SweptFamily {
 public:
  explicit Gather(const CudaSetup& setup) : SweptFamily(setup, gather_sizes(setup.device)) {}

  Sample measure(const Point& point, const Effort& effort) override {
    const GatherShape shape = gather_shape(point, gpu().info());
    DeviceBuffer<float> pool(shape.pool_blocks() * shape.block_bytes / 4);
    fill_random(pool, 1);
    DeviceBuffer<float> out(shape.copies * shape.run_bytes() / 4);
    out.poison();
    const DeviceBuffer<std::uint32_t> table = point.kernel == "paged" ? table_of(shape) : DeviceBuffer<std::uint32_t>();
    const Launch launch = point.kernel == "paged" ? paged(shape, pool, table, out) : strided(shape, pool, out);
    for (std::int64_t copy = 0; copy < shape.copies; ++copy) {
      gpu().run([&](cudaStream_t stream, std::int64_t) { launch(stream, copy); });
    }
    const double check = check_of(shape, table, out);
    const Load work = load(point);
    return sample_of(point, work.flops, work.bytes, gpu().time(effort, launch), check);
  }

 private:
  /// All copies' tables in one: a permutation of the pool's blocks, of which each copy takes its part.
  [[nodiscard]] DeviceBuffer<std::uint32_t> table_of(const GatherShape& shape) const {
    DeviceBuffer<std::uint32_t> table(shape.pool_blocks());
    const auto blocks = static_cast<unsigned>((table.size() + kThreads - 1) / kThreads);
    fill_table<<<blocks, kThreads>>>(table.data(), table.size(), setup().seed);
    check_launch();
    CUDA_CHECK(cudaDeviceSynchronize());
    return table;
  }

  template <class OfCopy>
  [[nodiscard]] Launch launch_of(const GatherShape& shape, OfCopy of_copy) const {
    using Operation = decltype(of_copy(0));
    const std::int64_t words = shape.run_bytes() / 16;
    const int blocks = blocks_for<Operation>(words, gpu().info().multiprocessors);
    return [=, copies = shape.copies](cudaStream_t queue, std::int64_t run) {
      stream<<<blocks, kStreamThreads, 0, queue>>>(of_copy(rotated(run, copies)), words);
    };
  }

  [[nodiscard]] Launch paged(const GatherShape& shape, const DeviceBuffer<float>& pool,
                             const DeviceBuffer<std::uint32_t>& table, const DeviceBuffer<float>& out) const {
    const auto* from = reinterpret_cast<const uint4*>(pool.data());
    auto* to = reinterpret_cast<uint4*>(out.data());
    return launch_of(shape, [=, table = table.data()](std::int64_t copy) {
      return Paged{from, table + copy * shape.blocks, to + copy * shape.run_bytes() / 16,
                   static_cast<std::uint32_t>(shape.block_bytes / 16)};
    });
  }

  [[nodiscard]] Launch strided(const GatherShape& shape, const DeviceBuffer<float>& pool,
                               const DeviceBuffer<float>& out) const {
    const auto* from = reinterpret_cast<const uint4*>(pool.data());
    auto* to = reinterpret_cast<uint4*>(out.data());
    return launch_of(shape, [=](std::int64_t copy) {
      const std::int64_t words = shape.run_bytes() / 16;
      return Strided{from + copy * words * shape.spread, to + copy * words,
                     static_cast<std::uint32_t>(shape.block_bytes / 16), static_cast<std::uint32_t>(shape.spread)};
    });
  }

  /// A gather moves bits: each sampled block is right or infinitely wrong.
  static double check_of(const GatherShape& shape, const DeviceBuffer<std::uint32_t>& table,
                         const DeviceBuffer<float>& out) {
    if (unwritten(out) != 0) return std::numeric_limits<double>::infinity();
    const std::int64_t elements = shape.block_bytes / 4;
    for (const std::int64_t block : sampled_places(shape.copies * shape.blocks, kCheckedBlocks, 5)) {
      const std::int64_t source = table.size() > 0 ? table.read(block, 1)[0] : block * shape.spread;
      const auto values = out.read(block * elements, elements);
      for (std::int64_t i = 0; i < elements; ++i) {
        const float expected = random_value(1, static_cast<std::uint64_t>(source * elements + i));
        if (values[static_cast<std::size_t>(i)] != expected) return std::numeric_limits<double>::infinity();
      }
    }
    return 0;
  }
};

}  // namespace

std::unique_ptr<Family> gather_family(const CudaSetup& setup) { return std::make_unique<Gather>(setup); }

}  // namespace tiersim::calib
