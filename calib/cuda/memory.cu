// Streams through device memory: what it takes to read, write, copy and combine arrays, through the knee of the L2.
#include <bit>
#include <limits>

#include "calib/cuda/sizes.hpp"
#include "calib/cuda/stream.cuh"

namespace tiersim::calib {
namespace {

constexpr float kScale = 0.75F;  // of the triad
constexpr std::int64_t kChecked = 64;

// An operation loads a word (16 bytes), uses it later, and finishes once per thread.

struct Read {
  const uint4* from;
  std::uint32_t* sums;  // one per warp: exclusive or of all that it read
  std::uint32_t sum = 0;
  __device__ uint4 load(std::int64_t word) const { return from[word]; }
  __device__ void use(std::int64_t, const uint4& x) { sum ^= x.x ^ x.y ^ x.z ^ x.w; }
  __device__ void finish() const { store_sum(sum, sums); }
};

struct Write {
  uint4* to;
  __device__ uint4 load(std::int64_t word) const {
    return {written_bits(word, 0), written_bits(word, 1), written_bits(word, 2), written_bits(word, 3)};
  }
  __device__ void use(std::int64_t word, const uint4& x) const { to[word] = x; }
  __device__ void finish() const {}
};

struct Copy {
  const uint4* from;
  uint4* to;
  __device__ uint4 load(std::int64_t word) const { return from[word]; }
  __device__ void use(std::int64_t word, const uint4& x) const { to[word] = x; }
  __device__ void finish() const {}
};

struct Two {
  float4 b, c;
};
struct Triad {
  const float4 *b, *c;
  float4* a;
  __device__ Two load(std::int64_t word) const { return {b[word], c[word]}; }
  __device__ void use(std::int64_t word, const Two& x) const {
    a[word] = {x.b.x + kScale * x.c.x, x.b.y + kScale * x.c.y, x.b.z + kScale * x.c.z, x.b.w + kScale * x.c.w};
  }
  __device__ void finish() const {}
};

template <class Operation>
Launch launch_of(Operation operation, std::int64_t words, int blocks) {
  return [=](cudaStream_t queue, std::int64_t) { stream<<<blocks, kStreamThreads, 0, queue>>>(operation, words); };
}

using Floats = DeviceBuffer<float>;
using Reference = std::function<double(std::int64_t element)>;

double random_at(std::uint64_t seed, std::int64_t element) {
  return static_cast<double>(random_value(seed, static_cast<std::uint64_t>(element)));
}

double check_of(const Floats& out, const Reference& reference) {
  ErrorNorm error;
  for (const std::int64_t word : sampled_places(out.size() / 4, kChecked, 7)) {
    const auto values = out.read(4 * word, 4);
    for (int part = 0; part < 4; ++part) {
      error.add(as_double(values[static_cast<std::size_t>(part)]), reference(4 * word + part));
    }
  }
  return checked(error, unwritten(out));
}

/// The sum of one warp, from the places that it reads. Exact, or infinitely wrong.
double check_sums(const DeviceBuffer<std::uint32_t>& sums, std::int64_t words, int blocks) {
  constexpr int kWarps = kStreamThreads / kWarp;
  for (const std::int64_t warp : sampled_places(sums.size(), 4, 8)) {
    std::uint32_t sum = 0;
    for (std::int64_t tile = warp / kWarps; tile < stream_tiles(words); tile += blocks) {
      for (int place = 0; place < kUnroll * kWarp; ++place) {
        const int thread = static_cast<int>(warp % kWarps) * kWarp + place % kWarp;
        const std::int64_t word = stream_word(tile, place / kWarp, thread);
        for (std::int64_t part = 0; part < 4 && word < words; ++part) {
          sum ^= std::bit_cast<std::uint32_t>(random_value(1, static_cast<std::uint64_t>(4 * word + part)));
        }
      }
    }
    if (sums.read(warp, 1)[0] != sum) return std::numeric_limits<double>::infinity();
  }
  return 0;
}

Floats random_floats(std::int64_t words, std::uint64_t seed) {
  Floats floats(4 * words);
  fill_random(floats, seed);
  return floats;
}

template <class T>
T* as(const Floats& floats) {
  return reinterpret_cast<T*>(floats.data());
}

class Memory final : public SweptFamily {
 public:
  explicit Memory(const CudaSetup& setup) : SweptFamily(setup, memory_sizes(setup.device)) {}

  Sample measure(const Point& point, const Effort& effort) override {
    const std::int64_t words = stream_shape(point).words;
    if (point.kernel == "read") return read(point, effort, words);
    Floats out(4 * words);
    if (point.kernel == "write") {
      const auto reference = [](std::int64_t i) {
        return static_cast<double>(std::bit_cast<float>(written_bits(i / 4, static_cast<std::uint32_t>(i % 4))));
      };
      return timed(point, effort, Write{as<uint4>(out)}, out, reference);
    }
    const Floats b = random_floats(words, 1);
    if (point.kernel == "copy") {
      const auto reference = [](std::int64_t i) { return random_at(1, i); };
      return timed(point, effort, Copy{as<uint4>(b), as<uint4>(out)}, out, reference);
    }
    const Floats c = random_floats(words, 2);
    const auto reference = [](std::int64_t i) {
      return random_at(1, i) + static_cast<double>(kScale) * random_at(2, i);
    };
    return timed(point, effort, Triad{as<float4>(b), as<float4>(c), as<float4>(out)}, out, reference);
  }

 private:
  static Way way_of(const Point& point) { return point.variant == "cold" ? Way::cold : Way::graph; }

  Sample finished(const Point& point, const Effort& effort, const Launch& launch, double check) {
    const Load work = load(point);
    return sample_of(point, work.flops, work.bytes, gpu().time(effort, launch, way_of(point)), check);
  }

  template <class Operation>
  Sample timed(const Point& point, const Effort& effort, Operation operation, Floats& out, const Reference& reference) {
    const std::int64_t words = out.size() / 4;
    const auto launch = launch_of(operation, words, blocks_for<Operation>(words, gpu().info().multiprocessors));
    out.poison();
    gpu().run(launch);
    return finished(point, effort, launch, check_of(out, reference));
  }

  Sample read(const Point& point, const Effort& effort, std::int64_t words) {
    const Floats from = random_floats(words, 1);
    const int blocks = blocks_for<Read>(words, gpu().info().multiprocessors);
    DeviceBuffer<std::uint32_t> sums(std::int64_t{blocks} * kStreamThreads / kWarp);
    const auto launch = launch_of(Read{as<uint4>(from), sums.data()}, words, blocks);
    sums.poison();
    gpu().run(launch);
    return finished(point, effort, launch, check_sums(sums, words, blocks));
  }
};

}  // namespace

std::unique_ptr<Family> memory_family(const CudaSetup& setup) { return std::make_unique<Memory>(setup); }

}  // namespace tiersim::calib
