// Matrix products by cuBLASLt, over the shapes of published models: compute-bound, thin, and matrix times vector.
//
// With few tokens weights come from memory: each run takes the next of several copies, together far larger than the
// L2 cache. Of the algorithms that cuBLASLt's heuristic offers, the fastest in a short trial is measured.
#include <algorithm>
#include <optional>

#include "calib/cuda/cublas.cuh"
#include "calib/cuda/families.hpp"
#include "calib/cuda/gemm_points.hpp"
#include "calib/cuda/index.hpp"
#include "calib/cuda/kit.cuh"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kColdTokens = 256;  // up to here weights are what must be moved
constexpr std::int64_t kPaddedTokens = 32;
constexpr int kSampled = 256;
constexpr std::uint64_t kWeightSeed = 21, kActivationSeed = 22;

__device__ double wide(__nv_bfloat16 x) { return static_cast<double>(__bfloat162float(x)); }
__device__ double wide(__half x) { return static_cast<double>(__half2float(x)); }
__device__ double wide(__nv_fp8_e4m3 x) { return static_cast<double>(static_cast<float>(x)); }
__device__ double wide(std::int8_t x) { return static_cast<double>(x); }

struct Place {
  std::int64_t token, output;
};

/// A thread per sampled output.
template <class In>
__global__ void reference_products(const In* activations, const In* weights, std::int64_t k, const Place* places,
                                   int count, double* out) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= count) return;
  const In* activation = activations + places[i].token * k;
  const In* weight = weights + places[i].output * k;
  double sum = 0;
  for (std::int64_t j = 0; j < k; ++j) sum += wide(activation[j]) * wide(weight[j]);
  out[i] = sum;
}

double as_double(std::int32_t x) { return static_cast<double>(x); }
using calib::as_double;

/// The operands of one point in the device's memory, and its checks.
template <class In, class Out>
class Operands {
 public:
  Operands(std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t copies, std::uint64_t seed)
      : n_(n), k_(k), copies_(copies), weights_(copies * n * k), activations_(m * k), outputs_(m * n) {
    fill_random(weights_, seed + kWeightSeed);
    fill_random(activations_, seed + kActivationSeed);
    outputs_.poison();
  }
  [[nodiscard]] const In* activations() const { return activations_.data(); }
  [[nodiscard]] const In* weights(std::int64_t run) const { return weights_.data() + rotated(run, copies_) * n_ * k_; }
  [[nodiscard]] Out* outputs() const { return outputs_.data(); }

  /// Of a run 0 that has just been made after poisoning; `again` makes another. An integer may be what the poison looks
  /// like, so integers are counted under a second poison too, under which these stay.
  [[nodiscard]] double error(std::int64_t m, std::uint64_t seed, const std::function<void()>& again) {
    const ErrorNorm norm = compare(some_places(m, seed));
    std::int64_t left = unwritten_words(outputs_.data(), outputs_.bytes(), sizeof(Out));
    if (left != 0 && std::is_same_v<Out, std::int32_t>) {
      CUDA_CHECK(cudaMemset(outputs_.data(), 0x55, static_cast<std::size_t>(outputs_.bytes())));
      CUDA_CHECK(cudaDeviceSynchronize());
      again();
      left -= unwritten_words(outputs_.data(), outputs_.bytes(), sizeof(Out));
    }
    return checked(norm, left);
  }

 private:
  [[nodiscard]] std::vector<Place> some_places(std::int64_t m, std::uint64_t seed) const {
    std::vector<Place> places{{0, 0}, {m - 1, n_ - 1}, {0, n_ - 1}, {m - 1, 0}};
    for (Rng rng(seed); places.size() < kSampled;) {
      const auto below = [&rng](std::int64_t count) {
        return static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(count)));
      };
      const std::int64_t token = below(m);
      places.push_back({token, below(n_)});
    }
    return places;
  }

  [[nodiscard]] ErrorNorm compare(const std::vector<Place>& places) const {
    const DeviceBuffer<Place> sampled(places);
    const DeviceBuffer<double> reference(kSampled);
    reference_products<<<kSampled / 32, 32>>>(activations(), weights(0), k_, sampled.data(), kSampled,
                                              reference.data());
    check_launch();
    const std::vector<double> expected = reference.read();
    ErrorNorm error;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const Out got = outputs_.read(places[i].token * n_ + places[i].output, 1)[0];
      error.add(as_double(got), expected[i]);
    }
    return error;
  }

  std::int64_t n_, k_, copies_;
  DeviceBuffer<In> weights_, activations_;
  DeviceBuffer<Out> outputs_;
};

class Gemm final : public Family {
 public:
  explicit Gemm(CudaSetup setup) : setup_(std::move(setup)) {}
  std::string_view name() const override { return "gemm"; }
  std::string_view what() const override {
    return "matrix products of eight models by cuBLASLt, 1 to 16384 tokens, bf16, fp16, fp8, int8";
  }
  std::vector<Point> grid() const override { return matrix_grid(setup_.device); }
  std::vector<Point> fresh(Rng& rng, std::size_t count) const override {
    std::vector<Point> points;
    for (std::size_t i = 0; i < count; ++i) points.push_back(fresh_matrix(rng, setup_.device));
    return points;
  }
  Estimate estimate(const Point& point) const override {
    const double faster = element_bytes(point.variant).in == 1 ? 2 : 1;
    const double computing = matrix_flops(point) / (faster * setup_.device.expected_flops_per_second());
    const double moving = matrix_bytes(point) / setup_.device.expected_bytes_per_second();
    return {std::max(computing, moving) + 4e-6, 0.05 + 10 * (computing + moving)};
  }

  Sample measure(const Point& point, const Effort& effort) override {
    if (!blas_) blas_.emplace();
    if (point.variant == "bf16") return run<__nv_bfloat16, __nv_bfloat16>(point, effort);
    if (point.variant == "fp16") return run<__half, __half>(point, effort);
    if (point.variant == "fp8") return run<__nv_fp8_e4m3, __nv_bfloat16>(point, effort);
    return run<std::int8_t, std::int32_t>(point, effort);
  }
  void release() override { blas_.reset(); }

 private:
  static std::int64_t size_of(const Point& point, const char* name) {
    return static_cast<std::int64_t>(point.at(name));
  }

  template <class In, class Out>
  Sample run(const Point& point, const Effort& effort) {
    const std::int64_t n = size_of(point, "n"), k = size_of(point, "k");
    std::int64_t m = size_of(point, "m");
    std::optional<Product> product(std::in_place, *blas_, product_types(point.variant), m, n, k);
    if (product->algorithms() == 0) {
      // The 8-bit types want their tokens in multiples; engines pad them, and so does this.
      m = (m + kPaddedTokens - 1) / kPaddedTokens * kPaddedTokens;
      product.emplace(*blas_, product_types(point.variant), m, n, k);
    }
    if (product->algorithms() == 0) throw std::runtime_error("cuBLASLt has no algorithm for this product on this GPU");
    const std::int64_t bytes = n * k * static_cast<std::int64_t>(sizeof(In));
    const std::int64_t copies = m <= kColdTokens ? copies_beyond(setup_.device.l2_bytes, bytes) : 1;
    Operands<In, Out> operands(m, n, k, copies, setup_.seed);
    const auto with = [&](std::size_t algorithm) -> Launch {
      return [&, algorithm](cudaStream_t stream, std::int64_t run) {
        product->launch(stream, algorithm, operands.activations(), operands.weights(run), operands.outputs());
      };
    };
    const Launch launch = with(fastest(*product, with));
    CUDA_CHECK(cudaMemset(operands.outputs(), 0xFF, static_cast<std::size_t>(m * n) * sizeof(Out)));
    CUDA_CHECK(cudaDeviceSynchronize());
    setup_.gpu->run(launch);
    const double error = operands.error(m, setup_.seed, [&] { setup_.gpu->run(launch); });
    return sample_of(point, matrix_flops(point), matrix_bytes(point), setup_.gpu->time(effort, launch), error);
  }

  template <class With>
  std::size_t fastest(const Product& product, const With& with) {
    const Effort trial{.relative_error = 0.05,
                       .least_window = 2e-4,
                       .most_seconds = 0.01,
                       .warm_ups = 1,
                       .least_batches = 3,
                       .most_batches = 5};
    std::size_t best = 0;
    double least = 0;
    for (std::size_t i = 0; i < product.algorithms(); ++i) {
      const double seconds = setup_.gpu->time(trial, with(i)).median;
      if (i == 0 || seconds < least) best = i, least = seconds;
    }
    return best;
  }

  CudaSetup setup_;
  std::optional<Blas> blas_;
};

}  // namespace

std::unique_ptr<Family> gemm_family(const CudaSetup& setup) { return std::make_unique<Gemm>(setup); }

}  // namespace tiersim::calib
