// What happens to a kernel while something else runs: the slow-down matrix.
//
// Slowed are a product that is bound by computing, a copy that is bound by memory, and transfers; beside them run, all
// the time, transfers by the copy engines, a transfer by a kernel, or one of the other two. Kernel: what is slowed;
// variant: what runs beside it; parameter "alone" of the sample: its seconds alone, by the same method.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "calib/cuda/copies.cuh"
#include "calib/cuda/cublas.cuh"
#include "calib/cuda/families.hpp"
#include "calib/cuda/index.hpp"
#include "calib/cuda/stream.cuh"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kProduct = 8192;           // m = n = k: some ms
constexpr std::int64_t kCopied = 256LL << 20;     // B, by the copy that is bound by memory
constexpr std::int64_t kTransfer = 64LL << 20;    // B, of one transfer: some ms
constexpr std::int64_t kKernelPiece = 1LL << 20;  // B, of a transfer by a kernel
constexpr double kHeadStart = 1e-4;               // s, that the company is ahead
constexpr int kAttempts = 4;                      // at company that lasts long enough

struct Pair {
  const char *slowed, *beside;
};
constexpr std::array kPairs = {Pair{"gemm", "h2d"},        Pair{"gemm", "d2h"},        Pair{"gemm", "both"},
                               Pair{"gemm", "kernel h2d"}, Pair{"gemm", "copy"},       Pair{"copy", "h2d"},
                               Pair{"copy", "d2h"},        Pair{"copy", "both"},       Pair{"copy", "kernel h2d"},
                               Pair{"copy", "gemm"},       Pair{"h2d", "gemm"},        Pair{"h2d", "copy"},
                               Pair{"h2d", "d2h"},         Pair{"d2h", "gemm"},        Pair{"d2h", "copy"},
                               Pair{"d2h", "h2d"},         Pair{"kernel h2d", "gemm"}, Pair{"kernel h2d", "copy"}};

struct CopyWords {
  const uint4* from;
  uint4* to;
  __device__ uint4 load(std::int64_t word) const { return from[word]; }
  __device__ void use(std::int64_t word, const uint4& x) const { to[word] = x; }
  __device__ void finish() const {}
};

/// For the company's own time, which only says how often it must run.
constexpr Effort kRough{.relative_error = 0.05, .most_seconds = 0.05, .warm_ups = 1, .least_batches = 3};

/// Everything that runs, by name.
class Actors {
 public:
  explicit Actors(const DeviceInfo& device)
      : product_(blas_, product_types("bf16"), kProduct, kProduct, kProduct),
        left_(kProduct * kProduct),
        right_(kProduct * kProduct),
        result_(kProduct * kProduct),
        blocks_(blocks_for<CopyWords>(kCopied / 16, device.multiprocessors)),
        places_(in_order()) {
    if (product_.algorithms() == 0) throw std::runtime_error("cuBLASLt has no algorithm for a large bf16 product");
    fill_random(left_, 51);
    fill_random(right_, 52);
  }

  /// "both" is company of two.
  [[nodiscard]] std::vector<Launch> launches(std::string_view name) const {
    if (name == "gemm") return {[this](cudaStream_t stream, std::int64_t) { multiply(stream); }};
    if (name == "copy") return {[this](cudaStream_t stream, std::int64_t) { copy(stream); }};
    if (name == "kernel h2d") return {[this](cudaStream_t stream, std::int64_t run) { copy_by_threads(stream, run); }};
    const auto transfer = [this](bool to_device) -> Launch {
      return [this, to_device](cudaStream_t stream, std::int64_t run) { move(stream, run, to_device); };
    };
    if (name == "h2d") return {transfer(true)};
    if (name == "d2h") return {transfer(false)};
    return {transfer(true), transfer(false)};
  }

 private:
  static std::vector<int> in_order() {
    std::vector<int> places(static_cast<std::size_t>(kPoolBytes / kKernelPiece));
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = static_cast<int>(i);
    return places;
  }
  void multiply(cudaStream_t stream) const { product_.launch(stream, 0, left_.data(), right_.data(), result_.data()); }
  /// Within the second half of the device's pools, which no transfer here touches.
  void copy(cudaStream_t stream) const {
    const char* from = pools_.from(false) + kPoolBytes / 2;
    char* to = pools_.to(true) + kPoolBytes / 2;
    const CopyWords words{reinterpret_cast<const uint4*>(from), reinterpret_cast<uint4*>(to)};
    calib::stream<<<blocks_, kStreamThreads, 0, stream>>>(words, kCopied / 16);
  }
  void move(cudaStream_t stream, std::int64_t run, bool to_device) const {
    const std::int64_t place = place_of(run, kTransfer) % (kPoolBytes / 2);
    CUDA_CHECK(cudaMemcpyAsync(pools_.to(to_device) + place, pools_.from(to_device) + place,
                               static_cast<std::size_t>(kTransfer), cudaMemcpyDefault, stream));
  }
  void copy_by_threads(cudaStream_t stream, std::int64_t run) const {
    const int* first = places_.data() + place_of(run, kTransfer) % (kPoolBytes / 2) / kKernelPiece;
    copy_by_kernel(
        {pools_.from(true), pools_.to(true), first, first, static_cast<int>(kTransfer / kKernelPiece), kKernelPiece},
        stream);
  }

  Blas blas_;
  Product product_;
  DeviceBuffer<__nv_bfloat16> left_, right_, result_;
  CopyPools pools_;
  int blocks_;
  DeviceBuffer<int> places_;
};

/// One that runs beside: its stream, and how long one of its runs takes alone.
struct Company {
  Launch launch;
  double seconds = 0;
  Stream stream;
  Event done;
};

class OverlapFamily final : public Family {
 public:
  explicit OverlapFamily(CudaSetup setup) : setup_(std::move(setup)) {}
  std::string_view name() const override { return "overlap"; }
  std::string_view what() const override {
    return "how much a product, a copy and transfers slow down while another of them runs beside";
  }
  std::vector<Point> grid() const override {
    std::vector<Point> points;
    for (const Pair& pair : kPairs) points.push_back({"overlap", pair.slowed, pair.beside, {}});
    return points;
  }
  std::vector<Point> fresh(Rng&, std::size_t) const override { return {}; }  // a matrix has no sizes in between
  Estimate estimate(const Point&) const override { return {4e-3, 0.5}; }

  Sample measure(const Point& point, const Effort& effort) override {
    if (!actors_) actors_.emplace(setup_.device);
    const Launch slowed = actors_->launches(point.kernel).front();
    const double alone = time_alone(effort, slowed);
    std::vector<std::unique_ptr<Company>> company;
    for (const Launch& launch : actors_->launches(point.variant)) {
      company.push_back(std::make_unique<Company>());
      company.back()->launch = launch;
      company.back()->seconds = time_alone(kRough, launch);
    }
    double factor = 3;  // how much longer than the slowed alone the company should last
    const Timing timing = repeat(effort, [&](std::int64_t n) {
      for (int attempt = 0;; ++attempt) {
        const double seconds = beside(slowed, company, n, factor * alone * static_cast<double>(n));
        if (seconds > 0) return seconds;
        if (attempt == kAttempts) throw std::runtime_error("the company ended early again and again");
        factor *= 2;
      }
    });
    Sample sample = sample_of(point, flops_of(point), bytes_of(point), timing, -1);
    sample.point.parameters.push_back({"alone", alone});
    return sample;
  }
  void release() override { actors_.reset(); }

 private:
  static double flops_of(const Point& point) { return point.kernel == "gemm" ? 2 * std::pow(kProduct, 3) : 0; }
  static double bytes_of(const Point& point) {
    if (point.kernel == "gemm") return 3.0 * 2 * kProduct * kProduct;
    return point.kernel == "copy" ? 2.0 * kCopied : 1.0 * kTransfer;
  }
  double time_alone(const Effort& effort, const Launch& launch) {
    return setup_.gpu->time(effort, launch, Way::plain).median;
  }

  /// Seconds of n runs, beside company that should last for `wanted`; 0 if it ended before they did.
  double beside(const Launch& slowed, const std::vector<std::unique_ptr<Company>>& company, std::int64_t n,
                double wanted) {
    const Gpu& gpu = *setup_.gpu;
    for (const auto& one : company) {
      const auto runs = static_cast<std::int64_t>(std::ceil((wanted + 3 * kHeadStart) / one->seconds)) + 1;
      for (std::int64_t run = 0; run < runs; ++run) one->launch(one->stream, run);
      one->done.record(one->stream);
    }
    const Event start, stop;
    gpu.hold(gpu.stream(), kHeadStart);
    start.record(gpu.stream());
    for (std::int64_t run = 0; run < n; ++run) slowed(gpu.stream(), run);
    stop.record(gpu.stream());
    check_launch();
    const double seconds = seconds_between(start, stop);
    bool outlasted = true;
    for (const auto& one : company) outlasted = outlasted && seconds_between(stop, one->done) > 0;
    return outlasted ? seconds : 0;
  }

  CudaSetup setup_;
  std::optional<Actors> actors_;
};

}  // namespace

std::unique_ptr<Family> overlap_family(const CudaSetup& setup) { return std::make_unique<OverlapFamily>(setup); }

}  // namespace tiersim::calib
