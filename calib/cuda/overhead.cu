// What the driver costs: launches, nodes of a graph, synchronisations, events; on the host's clock, empty kernels.
#include <vector>

#include "calib/cuda/kit.cuh"
#include "calib/cuda/sizes.hpp"

namespace tiersim::calib {
namespace {

__global__ void nothing() {}

/// A graph of empty kernels, each after the one before.
class Chain {
 public:
  Chain(cudaStream_t stream, std::int64_t nodes) {
    CUDA_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    for (std::int64_t i = 0; i < nodes; ++i) nothing<<<1, 1, 0, stream>>>();
    cudaGraph_t graph = nullptr;
    CUDA_CHECK(cudaStreamEndCapture(stream, &graph));
    const cudaError_t error = cudaGraphInstantiate(&executable_, graph, 0);
    static_cast<void>(cudaGraphDestroy(graph));
    CUDA_CHECK(error);
    CUDA_CHECK(cudaGraphUpload(executable_, stream));
    CUDA_CHECK(cudaStreamSynchronize(stream));
  }
  ~Chain() { static_cast<void>(cudaGraphExecDestroy(executable_)); }
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;
  void launch(cudaStream_t stream) const { CUDA_CHECK(cudaGraphLaunch(executable_, stream)); }

 private:
  cudaGraphExec_t executable_ = nullptr;
};

class Overhead final : public SweptFamily {
 public:
  explicit Overhead(const CudaSetup& setup) : SweptFamily(setup, overhead_sizes()) {}

  /// A run is `operations` of the kernel, then one synchronisation: what waits for a step to end. The fixed part of the
  /// law is that synchronisation.
  Sample measure(const Point& point, const Effort& effort) override {
    const cudaStream_t stream = gpu().stream();
    const auto operations = static_cast<std::int64_t>(point.at("operations"));
    if (point.kernel == "launch") {
      return timed(point, effort, [=] { launch(stream, operations); });
    }
    if (point.kernel == "graph_node") {
      const Chain chain(stream, operations);
      return timed(point, effort, [&] { chain.launch(stream); });
    }
    if (point.kernel == "synchronise") {
      return timed(point, effort, [=] {
        for (std::int64_t i = 0; i < operations; ++i) {
          launch(stream, 1);
          CUDA_CHECK(cudaStreamSynchronize(stream));
        }
      });
    }
    const Event event;
    return timed(point, effort, [&] {
      for (std::int64_t i = 0; i < operations; ++i) event.record(stream);
    });
  }

 private:
  static void launch(cudaStream_t stream, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) nothing<<<1, 1, 0, stream>>>();
    check_launch();
  }

  template <class Queue>
  Sample timed(const Point& point, const Effort& effort, const Queue& queue) {
    gpu().run([](cudaStream_t stream, std::int64_t) { launch(stream, 1); });
    const Timing timing = repeat(effort, [&](std::int64_t n) {
      const double start = steady_seconds();
      for (std::int64_t i = 0; i < n; ++i) {
        queue();
        CUDA_CHECK(cudaStreamSynchronize(gpu().stream()));
      }
      return steady_seconds() - start;
    });
    return sample_of(point, 0, 0, timing, -1);
  }
};

}  // namespace

std::unique_ptr<Family> overhead_family(const CudaSetup& setup) { return std::make_unique<Overhead>(setup); }

}  // namespace tiersim::calib
