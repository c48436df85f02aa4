// Copies from this GPU's memory to the next one's, and both ways at once; only where there is more than one GPU.
#include <algorithm>
#include <limits>

#include "calib/cuda/index.hpp"
#include "calib/cuda/link_sizes.hpp"
#include "calib/cuda/peers.cuh"

namespace tiersim::calib {
namespace {

constexpr double kHeadStart = 1e-4;  // s; the host queues the first copies meanwhile
constexpr std::int64_t kChecked = 64;

struct PeerBuffers {
  explicit PeerBuffers(std::int64_t words, std::uint64_t seed) : source(words), sink(words) {
    fill_random(source, seed);
    sink.poison();
  }
  DeviceBuffer<std::uint32_t> source, sink;
};

class PeerCopies final : public SweptFamily {
 public:
  explicit PeerCopies(const CudaSetup& setup) : SweptFamily(setup, peer_sizes(setup.device)) {}

  Sample measure(const Point& point, const Effort& effort) override {
    const Peers peers(gpu().ordinal(), 2);
    const auto words = static_cast<std::int64_t>(point.at("bytes")) / 4;
    std::vector<std::unique_ptr<PeerBuffers>> buffers;
    for (std::size_t rank = 0; rank < 2; ++rank) {
      const OnDevice on(peers.at(rank).ordinal);
      buffers.push_back(std::make_unique<PeerBuffers>(words, rank));
    }
    const std::size_t ways = point.kernel == "both" ? 2 : 1;
    const auto queue = [&](std::size_t way) {
      const Peer &from = peers.at(way), &to = peers.at(1 - way);
      CUDA_CHECK(cudaMemcpyPeerAsync(buffers[1 - way]->sink.data(), to.ordinal, buffers[way]->source.data(),
                                     from.ordinal, static_cast<std::size_t>(words) * 4, from.stream));
    };
    const Event start, stop;
    const auto batch = [&](std::int64_t n) {
      gpu().hold(peers.at(0).stream, kHeadStart);
      start.record(peers.at(0).stream);
      CUDA_CHECK(cudaStreamWaitEvent(peers.at(1).stream, start, 0));
      for (std::int64_t run = 0; run < n; ++run) {
        for (std::size_t way = 0; way < ways; ++way) queue(way);
      }
      peers.meet();
      stop.record(peers.at(0).stream);
      return seconds_between(start, stop);
    };
    static_cast<void>(batch(1));
    double check = 0;
    for (std::size_t way = 0; way < ways; ++way) check = std::max(check, error_of(buffers[1 - way]->sink, way));
    return sample_of(point, 0, load(point).bytes, repeat(effort, batch), check);
  }

 private:
  static double error_of(const DeviceBuffer<std::uint32_t>& sink, std::uint64_t seed) {
    for (const std::int64_t word : sampled_places(sink.size(), kChecked, 1)) {
      if (sink.read(word, 1)[0] != random_word(seed, static_cast<std::uint64_t>(word))) {
        return std::numeric_limits<double>::infinity();
      }
    }
    return 0;
  }
};

}  // namespace

std::unique_ptr<Family> peer_family(const CudaSetup& setup) { return std::make_unique<PeerCopies>(setup); }

}  // namespace tiersim::calib
