// Sums over all GPUs by our own kernels that read peers' memory; only where there is more than one GPU.
//
// One shot: every GPU reads everything of everyone and sums it: one meeting of all before and one after. Two shots:
// each sums its own part of everyone's, then fetches the other parts: one meeting more, but each byte crosses a link
// twice instead of once per GPU. Meetings are events between streams: no spinning on flags, so nothing can hang.
#include <algorithm>
#include <array>

#include "calib/cuda/index.hpp"
#include "calib/cuda/link_sizes.hpp"
#include "calib/cuda/peers.cuh"

namespace tiersim::calib {
namespace {

constexpr int kMostGpus = 16, kThreads = 256, kBlocks = 264;
constexpr double kHeadStart = 2e-4;  // s; the host queues the first runs meanwhile
constexpr std::int64_t kChecked = 64;
constexpr int kPerWord = 8;  // bf16 in 16 bytes

struct Inputs {
  const uint4* of[kMostGpus];
  int count = 0;
};

/// out[i] = sum of all inputs' [i], for 16-byte words first .. last - 1; sums in fp32.
__global__ void __launch_bounds__(kThreads)
    sum_words(Inputs inputs, uint4* out, std::int64_t first, std::int64_t last) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = first + static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < last; i += step) {
    float2 sum[kPerWord / 2] = {};
    for (int gpu = 0; gpu < inputs.count; ++gpu) {
      const uint4 word = inputs.of[gpu][i];
      const auto* pairs = reinterpret_cast<const __nv_bfloat162*>(&word);
#pragma unroll
      for (int p = 0; p < kPerWord / 2; ++p) {
        const float2 x = __bfloat1622float2(pairs[p]);
        sum[p].x += x.x, sum[p].y += x.y;
      }
    }
    uint4 word;
    auto* pairs = reinterpret_cast<__nv_bfloat162*>(&word);
#pragma unroll
    for (int p = 0; p < kPerWord / 2; ++p) pairs[p] = __float22bfloat162_rn(sum[p]);
    out[i] = word;
  }
}

/// The parts of the others: part g of [0, words) from inputs.of[g], but for this GPU's own.
__global__ void __launch_bounds__(kThreads) gather_parts(Inputs inputs, uint4* out, std::int64_t words, int own) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  const std::int64_t part = (words + inputs.count - 1) / inputs.count;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < words; i += step) {
    const int owner = static_cast<int>(i / part);
    if (owner != own) out[i] = inputs.of[owner][i];
  }
}

struct RankBuffers {
  RankBuffers(std::int64_t elements, std::uint64_t seed) : input(elements), output(elements) {
    fill_random(input, seed);
    output.poison();
  }
  DeviceBuffer<__nv_bfloat16> input, output;
  [[nodiscard]] const uint4* inputs() const { return reinterpret_cast<const uint4*>(input.data()); }
  [[nodiscard]] uint4* outputs() const { return reinterpret_cast<uint4*>(output.data()); }
};

class AllReduce final : public SweptFamily {
 public:
  explicit AllReduce(const CudaSetup& setup) : SweptFamily(setup, all_reduce_sizes(setup.device)) {}

  Sample measure(const Point& point, const Effort& effort) override {
    const int gpus = static_cast<int>(point.at("ranks"));
    if (gpus > kMostGpus) throw std::runtime_error("all_reduce is built for at most 16 GPUs");
    const Peers peers(gpu().ordinal(), gpus);
    const auto elements = static_cast<std::int64_t>(point.at("bytes")) / 2;
    std::vector<std::unique_ptr<RankBuffers>> buffers;
    for (std::size_t rank = 0; rank < peers.size(); ++rank) {
      const OnDevice on(peers.at(rank).ordinal);
      buffers.push_back(std::make_unique<RankBuffers>(elements, rank));
    }
    const bool two_shot = point.kernel == "two_shot";
    const Event start, stop;
    const auto batch = [&](std::int64_t n) {
      gpu().hold(peers.at(0).stream, kHeadStart);
      peers.meet();
      start.record(peers.at(0).stream);
      for (std::int64_t run = 0; run < n; ++run) two_shot ? in_two(peers, buffers) : in_one(peers, buffers);
      stop.record(peers.at(0).stream);
      return seconds_between(start, stop);
    };
    static_cast<void>(batch(1));
    double check = 0;
    for (const auto& rank : buffers) check = std::max(check, error_of(*rank, gpus));
    return sample_of(point, 0, load(point).bytes, repeat(effort, batch), check);
  }

 private:
  using Buffers = std::vector<std::unique_ptr<RankBuffers>>;

  static Inputs pointers(const Buffers& buffers, bool of_outputs) {
    Inputs inputs;
    for (const auto& rank : buffers) inputs.of[inputs.count++] = of_outputs ? rank->outputs() : rank->inputs();
    return inputs;
  }
  static std::int64_t words_of(const Buffers& buffers) { return buffers.front()->input.size() / kPerWord; }

  static void in_one(const Peers& peers, const Buffers& buffers) {
    const Inputs inputs = pointers(buffers, false);
    for (std::size_t rank = 0; rank < peers.size(); ++rank) {
      const OnDevice on(peers.at(rank).ordinal);
      sum_words<<<kBlocks, kThreads, 0, peers.at(rank).stream>>>(inputs, buffers[rank]->outputs(), 0,
                                                                 words_of(buffers));
      check_launch();
    }
    peers.meet();
  }

  static void in_two(const Peers& peers, const Buffers& buffers) {
    const Inputs inputs = pointers(buffers, false), sums = pointers(buffers, true);
    const std::int64_t words = words_of(buffers), part = (words + inputs.count - 1) / inputs.count;
    for (std::size_t rank = 0; rank < peers.size(); ++rank) {
      const OnDevice on(peers.at(rank).ordinal);
      const std::int64_t first = std::min(words, part * static_cast<std::int64_t>(rank));
      sum_words<<<kBlocks, kThreads, 0, peers.at(rank).stream>>>(inputs, buffers[rank]->outputs(), first,
                                                                 std::min(words, first + part));
      check_launch();
    }
    peers.meet();
    for (std::size_t rank = 0; rank < peers.size(); ++rank) {
      const OnDevice on(peers.at(rank).ordinal);
      gather_parts<<<kBlocks, kThreads, 0, peers.at(rank).stream>>>(sums, buffers[rank]->outputs(), words,
                                                                    static_cast<int>(rank));
      check_launch();
    }
    peers.meet();
  }

  /// Inputs are what fill_random makes of the rank's number, rounded to bf16.
  static double error_of(const RankBuffers& rank, int gpus) {
    ErrorNorm error;
    for (const std::int64_t place : sampled_places(rank.output.size(), kChecked, 3)) {
      double sum = 0;
      for (int other = 0; other < gpus; ++other) {
        const float value = random_value(static_cast<std::uint64_t>(other), static_cast<std::uint64_t>(place));
        sum += as_double(__float2bfloat16(value));
      }
      error.add(as_double(rank.output.read(place, 1)[0]), sum);
    }
    return checked(error, unwritten(rank.output));
  }
};

}  // namespace

std::unique_ptr<Family> all_reduce_family(const CudaSetup& setup) { return std::make_unique<AllReduce>(setup); }

}  // namespace tiersim::calib
