// What a layer does element by element, tokens x width, in fp32. Operands are as warm as repeating leaves them: in a
// layer the kernel before has just written them, so that few tokens come from a cache and many from memory, here as
// there. What is written elsewhere goes to a cold place, since a layer's weights have passed since that was last used.
// Work: what each kernel reads and writes, and its usual count of FLOPs.
#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <stdexcept>

#include "calib/host/cold_pool.hpp"
#include "calib/host/families.hpp"
#include "calib/host/kernels.hpp"
#include "calib/host/sizes.hpp"
#include "calib/host/stopwatch.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kHeadDim = 64;  // of rotary; other kernels need no more than a multiple of a cache line
constexpr double kBase = 10'000;       // of rotary
constexpr double kEpsilon = 1e-5;      // of the norm
constexpr std::int64_t kMostTokens = 1024;
constexpr std::size_t kDraws = 100;  // at most, for a fresh point
constexpr std::int64_t kLooks = 4;   // rows that a check computes
constexpr std::uint64_t kSeed = 0x656c656d;

using Doubles = std::vector<double>;

struct Operands {
  std::int64_t tokens = 0, width = 0;
  std::vector<float> x, y;
  float* out = nullptr;  // tokens x width, where the kernel is not in place
  [[nodiscard]] std::span<const float> written() const { return {out, static_cast<std::size_t>(tokens * width)}; }
};

/// A row of x as it was before, the row of y beside it.
struct Before {
  std::int64_t token = 0;
  Doubles x, y;
};

void run_norm(Team& team, Operands& o) { rms_norm(team, o.tokens, o.width, o.x.data(), o.y.data(), o.out); }
void run_rotary(Team& team, Operands& o) { rotary(team, o.tokens, o.width / kHeadDim, kHeadDim, 0, o.x.data()); }
void run_activation(Team& team, Operands& o) { silu_multiply(team, o.tokens, o.width, o.x.data(), o.out); }
void run_add(Team& team, Operands& o) { add(team, o.tokens * o.width, o.y.data(), o.x.data()); }
void run_softmax(Team& team, Operands& o) { softmax(team, o.tokens, o.width, o.x.data()); }

Doubles norm_of(const Before& b) {
  double squares = 0;
  for (const double x : b.x) squares += x * x;
  const double root = std::sqrt(squares / static_cast<double>(b.x.size()) + kEpsilon);
  Doubles out;
  for (std::size_t i = 0; i < b.x.size(); ++i) out.push_back(b.x[i] / root * b.y[i]);
  return out;
}

Doubles rotary_of(const Before& b) {
  Doubles out(b.x.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t half = kHeadDim / 2, pair = i % half;
    const bool is_left = i % kHeadDim < half;
    const double turn = std::pow(kBase, -static_cast<double>(pair) / static_cast<double>(half));
    const double angle = static_cast<double>(b.token) * turn, other = is_left ? -b.x[i + half] : b.x[i - half];
    out[i] = b.x[i] * std::cos(angle) + other * std::sin(angle);
  }
  return out;
}

Doubles activation_of(const Before& b) {
  const std::size_t width = b.x.size() / 2;
  Doubles out;
  for (std::size_t i = 0; i < width; ++i) out.push_back(b.x[i] / (1 + std::exp(-b.x[i])) * b.x[width + i]);
  return out;
}

Doubles add_of(const Before& b) {
  Doubles out;
  for (std::size_t i = 0; i < b.x.size(); ++i) out.push_back(b.x[i] + b.y[i]);
  return out;
}

Doubles softmax_of(const Before& b) {
  Doubles out;
  double sum = 0;
  for (const double x : b.x) out.push_back(std::exp(x)), sum += out.back();
  for (double& x : out) x /= sum;
  return out;
}

struct Kernel {
  std::string_view name;
  std::vector<std::int64_t> widths;
  double moved, flops;    // elements, FLOPs, of a token and unit of width
  std::int64_t x_width;   // elements of x, likewise
  std::int64_t y_tokens;  // rows of y: none, one for all tokens (1), one each (kMostTokens)
  bool in_place;          // in x
  void (*run)(Team& team, Operands& o);
  Doubles (*reference)(const Before& before);
};

const std::vector<Kernel>& kernels() {
  static const std::vector<Kernel> all = {
      {"norm", {576, 2048}, 2, 7, 1, 1, false, run_norm, norm_of},
      {"rotary", {576, 2048}, 2, 6, 1, 0, true, run_rotary, rotary_of},
      {"activation", {1536, 8192}, 3, 2, 2, 0, false, run_activation, activation_of},
      {"add", {576, 2048}, 3, 1, 1, kMostTokens, true, run_add, add_of},
      {"softmax", {512, 16384}, 2, 5, 1, 0, true, run_softmax, softmax_of}};
  return all;
}

const Kernel& kernel_named(std::string_view name) {
  const auto found =
      std::find_if(kernels().begin(), kernels().end(), [&](const Kernel& kernel) { return kernel.name == name; });
  if (found == kernels().end()) throw std::logic_error("elementwise: no kernel '" + std::string(name) + "'");
  return *found;
}

Point point_of(const Kernel& kernel, std::int64_t tokens, std::int64_t width) {
  return {"elementwise",
          std::string(kernel.name),
          "fp32",
          {{"tokens", static_cast<double>(tokens)}, {"width", static_cast<double>(width)}}};
}

double elements_of(const Point& point) { return point.at("tokens") * point.at("width"); }

Doubles row_of(std::span<const float> of, std::int64_t row, std::int64_t width) {
  if (of.empty()) return {};
  const auto begin = static_cast<std::size_t>(row * width) % of.size();
  return {of.begin() + static_cast<std::ptrdiff_t>(begin),
          of.begin() + static_cast<std::ptrdiff_t>(begin + static_cast<std::size_t>(width))};
}

/// Runs the kernel once; the largest error of some rows over the largest of their elements.
double checked_run(const Kernel& kernel, Team& team, Operands& o) {
  std::vector<Before> before;
  for (std::int64_t look = 0; look < kLooks; ++look) {
    const std::int64_t token = look * (o.tokens - 1) / (kLooks - 1);
    before.push_back({token, row_of(o.x, token, kernel.x_width * o.width), row_of(o.y, token, o.width)});
  }
  kernel.run(team, o);
  double error = 0, largest = 0;
  for (const Before& b : before) {
    const Doubles expected = kernel.reference(b), row = row_of(kernel.in_place ? o.x : o.written(), b.token, o.width);
    for (std::size_t i = 0; i < row.size(); ++i) {
      error = std::max(error, std::abs(expected[i] - row[i]));
      largest = std::max(largest, std::abs(expected[i]));
    }
  }
  return error / largest;
}

class Elementwise final : public Family {
 public:
  explicit Elementwise(const HostSetup& setup)
      : team_(setup.team), most_bytes_(setup.memory_bytes / 2), outputs_(setup.team, setup.memory_bytes / 2) {}

  std::string_view name() const override { return "elementwise"; }
  std::string_view what() const override { return "norm, rotary, activation, add, softmax by tokens and width, fp32"; }

  std::vector<Point> grid() const override {
    std::vector<Point> points;
    for (const Kernel& kernel : kernels()) {
      std::vector<Point> series;
      for (const std::int64_t tokens : spread({1, kMostTokens, 1}, 0.5)) {
        for (const std::int64_t width : kernel.widths) series.push_back(point_of(kernel, tokens, width));
      }
      std::stable_sort(series.begin(), series.end(),
                       [](const Point& a, const Point& b) { return elements_of(a) < elements_of(b); });
      std::copy_if(series.begin(), series.end(), std::back_inserter(points), [&](const Point& p) { return fits(p); });
    }
    return points;
  }

  std::vector<Point> fresh(Rng& rng, std::size_t count) const override {
    std::set<std::string> taken;
    for (const Point& p : grid()) taken.insert(p.key());
    std::vector<Point> points;
    for (std::size_t i = 0; i < kDraws * count && points.size() < count; ++i) {
      const Kernel& kernel = kernels()[rng.below(kernels().size())];
      const auto tokens = fresh_size(rng, {1, kMostTokens, 1}, {});
      const auto width = fresh_size(rng, {kernel.widths.front(), kernel.widths.back(), kHeadDim}, {});
      const Point point = point_of(kernel, *tokens, *width);
      if (fits(point) && taken.insert(point.key()).second) points.push_back(point);
    }
    return points;
  }

  Estimate estimate(const Point& point) const override {
    constexpr double kBytes = 10e9, kFill = 0.5e9, kStart = 3e-6;  // 1/s
    const double bytes = bytes_of(point);
    return {kStart + bytes / kBytes, bytes / kFill};
  }

  Sample measure(const Point& point, const Effort& effort) override {
    const Kernel& kernel = kernel_named(point.kernel);
    Operands o{static_cast<std::int64_t>(point.at("tokens")), static_cast<std::int64_t>(point.at("width")), {}, {}};
    o.x.resize(static_cast<std::size_t>(kernel.x_width * o.tokens * o.width));
    o.y.resize(static_cast<std::size_t>(std::min(kernel.y_tokens, o.tokens) * o.width));
    const std::int64_t written = o.tokens * o.width * static_cast<std::int64_t>(sizeof(float));
    ColdTurns outputs(outputs_.at_least(written), written);
    o.out = outputs.current<float>();
    fill_signed(o.x, kSeed);
    fill_signed(o.y, kSeed + 1);
    const double check = checked_run(kernel, *team_, o);
    const Timing timing = repeat(effort, [&](std::int64_t count) {
      return seconds_of([&] {
        for (std::int64_t i = 0; i < count; ++i) {
          outputs.advance();
          o.out = outputs.current<float>();
          kernel.run(*team_, o);
        }
      });
    });
    return sample_of(point, kernel.flops * elements_of(point), bytes_of(point), timing, check);
  }

  void release() override { outputs_.release(); }

 private:
  static double bytes_of(const Point& point) { return 4 * kernel_named(point.kernel).moved * elements_of(point); }
  bool fits(const Point& point) const { return bytes_of(point) <= static_cast<double>(most_bytes_); }

  std::shared_ptr<Team> team_;
  std::int64_t most_bytes_;
  ColdPool outputs_;
};

}  // namespace

std::unique_ptr<Family> elementwise_family(const HostSetup& setup) { return std::make_unique<Elementwise>(setup); }

}  // namespace tiersim::calib
