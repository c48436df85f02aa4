// Matrix products over the weights of published models, by the kernels that the cost model tells apart: gemv (one row),
// thin (up to 16 rows) and gemm. Weights are cold, since a layer's are read once a step, and so is the place of the
// outputs; activations are fp32 and warm, since the kernel before has just written them. Variants name the weights'
// type.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "calib/host/cold_pool.hpp"
#include "calib/host/families.hpp"
#include "calib/host/host_models.hpp"
#include "calib/host/kernels.hpp"
#include "calib/host/sizes.hpp"
#include "calib/host/stopwatch.hpp"
#include "calib/host/thin_product.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kMostFlops = 16'000'000'000;  // about a sixth of a second on two processors
constexpr std::int64_t kQuantum = 16;
constexpr std::size_t kDraws = 100;  // at most, for a fresh point
constexpr std::int64_t kLooks = 64;  // outputs that a check computes
constexpr std::uint64_t kSeed = 0x67656d6d;

using Weights = HostModel::Weights;

struct Kernel {
  std::string_view name;
  std::vector<std::int64_t> rows;
  SizeRange range;  // of the rows of fresh points
};

const std::vector<Kernel>& kernels() {
  static const std::vector<Kernel> all = {
      {"gemv", {1}, 1, 1}, {"thin", {2, 4, 8, 16}, 2, 16}, {"gemm", {32, 64, 128, 256, 512}, 17, 512}};
  return all;
}

struct Type {
  std::string_view name;
  std::int64_t bytes;
};
constexpr std::array kTypes = {Type{"fp32", 4}, Type{"bf16", 2}};

std::int64_t bytes_of(std::string_view variant) { return variant == "bf16" ? 2 : 4; }

/// Distinct, ascending in elements.
std::vector<Weights> shapes() {
  std::vector<Weights> all;
  for (const HostModel& model : kHostModels) {
    for (const Weights& w : model.weights()) {
      const auto same = [&](const Weights& other) { return other.n == w.n && other.k == w.k; };
      if (std::none_of(all.begin(), all.end(), same)) all.push_back(w);
    }
  }
  std::sort(all.begin(), all.end(),
            [](const Weights& a, const Weights& b) { return std::pair(a.n * a.k, a.n) < std::pair(b.n * b.k, b.n); });
  return all;
}

double flops_of(const Point& p) { return 2 * p.at("m") * p.at("n") * p.at("k"); }

SizeRange range_of(std::int64_t Weights::*side) {
  SizeRange range{shapes()[0].*side, 0, kQuantum};
  for (const Weights& w : shapes()) {
    range.low = std::min(range.low, w.*side);
    range.high = std::max(range.high, w.*side);
  }
  return range;
}

Point point_of(const Kernel& kernel, const Type& type, std::int64_t m, const Weights& w) {
  const auto value = [](std::int64_t x) { return static_cast<double>(x); };
  return {"gemm",
          std::string(kernel.name),
          std::string(type.name),
          {{"m", value(m)}, {"n", value(w.n)}, {"k", value(w.k)}}};
}

/// Log-uniform.
std::int64_t drawn(Rng& rng, const SizeRange& range) { return fresh_size(rng, range, {}).value_or(range.low); }

class Gemm final : public Family {
 public:
  explicit Gemm(const HostSetup& setup)
      : team_(setup.team), weights_(setup.team, setup.memory_bytes / 2), outputs_(setup.team, setup.memory_bytes / 4) {}

  std::string_view name() const override { return "gemm"; }
  std::string_view what() const override {
    return "gemv, thin (to 16 rows) and gemm with cold weights of nine models (135M to 7B), fp32 and bf16";
  }

  /// Every weight matrix for gemv; for more rows each of them with some of the rows, so that all sizes come up.
  std::vector<Point> grid() const override {
    const std::vector<Weights> all = shapes();
    std::vector<Point> points;
    for (const Type& type : kTypes) {
      for (const Kernel& kernel : kernels()) {
        std::vector<Point> series;
        const std::size_t turns = kernel.rows.size();
        for (std::size_t row = 0; row < turns; ++row) {
          for (std::size_t i = row; i < all.size(); i += turns) {
            if (fits(kernel.rows[row], all[i])) series.push_back(point_of(kernel, type, kernel.rows[row], all[i]));
          }
        }
        std::stable_sort(series.begin(), series.end(),
                         [](const Point& a, const Point& b) { return flops_of(a) < flops_of(b); });
        points.insert(points.end(), series.begin(), series.end());
      }
    }
    return points;
  }

  std::vector<Point> fresh(Rng& rng, std::size_t count) const override {
    std::set<std::string> taken;
    for (const Point& p : grid()) taken.insert(p.key());
    const SizeRange n = range_of(&Weights::n), k = range_of(&Weights::k);
    const std::int64_t most = shapes().back().n * shapes().back().k;
    std::vector<Point> points;
    for (std::size_t i = 0; i < kDraws * count && points.size() < count; ++i) {
      const Kernel& kernel = kernels()[rng.below(kernels().size())];
      const Type& type = kTypes[rng.below(kTypes.size())];
      const std::int64_t m = drawn(rng, kernel.range);
      const Weights w{drawn(rng, n), drawn(rng, k)};
      const Point point = point_of(kernel, type, m, w);
      if (w.n * w.k <= most && fits(m, w) && taken.insert(point.key()).second) points.push_back(point);
    }
    return points;
  }

  Estimate estimate(const Point& point) const override {
    constexpr double kFlops = 30e9, kBytes = 10e9, kStart = 5e-6;
    const double compute = flops_of(point) / (kFlops * team_->size());
    return {kStart + std::max(compute, bytes_moved(point) / kBytes), 2e-3};
  }

  Sample measure(const Point& point, const Effort& effort) override {
    return point.variant == "bf16" ? measure_as<Bf16>(point, effort) : measure_as<float>(point, effort);
  }

  void release() override {
    weights_.release(), outputs_.release();
    activations_ = {};
  }

 private:
  bool fits(std::int64_t m, const Weights& w) const {
    constexpr std::int64_t kElement = sizeof(float);
    return 2 * m * w.n * w.k <= kMostFlops && w.n * w.k * kElement <= weights_.most_bytes() &&
           m * w.n * kElement <= outputs_.most_bytes();
  }

  /// Weights once, activations in and out.
  static double bytes_moved(const Point& point) {
    const double m = point.at("m"), n = point.at("n"), k = point.at("k");
    return static_cast<double>(bytes_of(point.variant)) * n * k + 4 * m * (n + k);
  }

  template <class Element>
  static ColdTurns turns_of(ColdPool& pool, std::int64_t elements) {
    const std::int64_t bytes = elements * static_cast<std::int64_t>(sizeof(Element));
    return {pool.at_least(bytes), bytes};
  }

  template <class Weight>
  Sample measure_as(const Point& point, const Effort& effort) {
    const auto m = static_cast<std::int64_t>(point.at("m")), n = static_cast<std::int64_t>(point.at("n")),
               k = static_cast<std::int64_t>(point.at("k"));
    ColdTurns weights = turns_of<Weight>(weights_, n * k), outputs = turns_of<float>(outputs_, m * n);
    activations_.resize(static_cast<std::size_t>(m * k));
    fill_signed(activations_, kSeed);
    const auto run = [&] {
      product(*team_, m, n, k, activations_.data(), weights.current<const Weight>(), outputs.current<float>());
    };
    run();
    const double check = error_of(m, n, k, weights.current<const Weight>(), outputs.current<const float>());
    const Timing timing = repeat(effort, [&](std::int64_t count) {
      return seconds_of([&] {
        for (std::int64_t i = 0; i < count; ++i) {
          weights.advance(), outputs.advance();
          run();
        }
      });
    });
    return sample_of(point, flops_of(point), bytes_moved(point), timing, check);
  }

  /// The largest error of some outputs over the largest of these.
  template <class Weight>
  double error_of(std::int64_t m, std::int64_t n, std::int64_t k, const Weight* weights, const float* outputs) const {
    Rng rng(kSeed);
    double error = 0, largest = 0;
    for (std::int64_t look = 0; look < kLooks; ++look) {
      const auto row = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(m)));
      const auto column = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(n)));
      double dot = 0;
      for (std::int64_t i = 0; i < k; ++i) {
        dot += static_cast<double>(activations_[static_cast<std::size_t>(row * k + i)]) *
               static_cast<double>(widened(weights[column * k + i]));
      }
      error = std::max(error, std::abs(dot - static_cast<double>(outputs[row * n + column])));
      largest = std::max(largest, std::abs(dot));
    }
    return error / largest;
  }

  std::shared_ptr<Team> team_;
  ColdPool weights_, outputs_;
  std::vector<float> activations_;
};

}  // namespace

std::unique_ptr<Family> gemm_family(const HostSetup& setup) { return std::make_unique<Gemm>(setup); }

}  // namespace tiersim::calib
