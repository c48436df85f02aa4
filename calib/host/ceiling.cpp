// The two rates that bound every other kernel: a large copy and a large matrix product, on all threads. The copy is the
// better of one through the caches and one around them.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "calib/host/buffer.hpp"
#include "calib/host/families.hpp"
#include "calib/host/kernels.hpp"
#include "calib/host/stopwatch.hpp"
#include "calib/host/streams.hpp"
#include "calib/host/system.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kSide = 2048;                                      // of the product's matrices
constexpr std::int64_t kLeastCopy = 256 << 20, kLargestCopy = 1LL << 30;  // B, source and target
constexpr std::int64_t kCachesOver = 8;  // the copy's size in all caches together: each array is four times theirs
constexpr std::int64_t kPage = 4096;
constexpr std::int64_t kLooks = 1 << 16;  // elements that the copy's check compares
constexpr std::int64_t kDots = 64;        // elements that the product's check computes
constexpr std::uint64_t kSeed = 0x6365696c696e67;

using Copy = void (*)(const double* from, double* to, std::int64_t count);

double seconds_of_copies(Team& team, Copy copy, std::span<const double> from, std::span<double> to, std::int64_t n) {
  const std::function<void(int)> work = [&](int rank) {
    const Share share = share_of(static_cast<std::int64_t>(from.size()), kPage / 8, rank, team.size());
    copy(from.data() + share.begin, to.data() + share.begin, share.end - share.begin);
  };
  return seconds_of([&] {
    for (std::int64_t i = 0; i < n; ++i) team.run(work);
  });
}

double error_of_copy(std::span<const double> from, std::span<const double> to) {
  double error = 0;
  for (std::size_t i = 0; i < from.size(); i += std::max<std::size_t>(1, from.size() / kLooks)) {
    error = std::max(error, std::abs(to[i] - from[i]) / from[i]);
  }
  return error;
}

/// c = a b^T, all of them side x side; elements of c along a diagonal that wraps.
double error_of_product(std::int64_t side, std::span<const float> a, std::span<const float> b,
                        std::span<const float> c) {
  double error = 0;
  for (std::int64_t look = 0; look < kDots; ++look) {
    const std::int64_t row = look * side / kDots, column = (look * 37 + 11) % side;
    double dot = 0;
    for (std::int64_t i = 0; i < side; ++i) {
      dot += static_cast<double>(a[static_cast<std::size_t>(row * side + i)]) *
             static_cast<double>(b[static_cast<std::size_t>(column * side + i)]);
    }
    error =
        std::max(error, std::abs(static_cast<double>(c[static_cast<std::size_t>(row * side + column)]) - dot) / dot);
  }
  return error;
}

class Ceiling final : public Family {
 public:
  explicit Ceiling(const HostSetup& setup) : team_(setup.team) {
    const std::int64_t wanted = std::clamp(kCachesOver * all_caches(), kLeastCopy, kLargestCopy);
    copy_bytes_ = std::min(wanted, setup.memory_bytes) / (2 * kPage) * (2 * kPage);
  }

  std::string_view name() const override { return "ceiling"; }
  std::string_view what() const override { return "a large copy and a large matrix product (fp32), all threads"; }
  std::vector<Point> grid() const override {
    constexpr auto side = static_cast<double>(kSide);
    return {{"ceiling", "copy", "all threads", {{"bytes", static_cast<double>(copy_bytes_)}}},
            {"ceiling", "product", "fp32", {{"m", side}, {"n", side}, {"k", side}}}};
  }
  std::vector<Point> fresh(Rng&, std::size_t) const override { return {}; }  // there is one size of each

  Estimate estimate(const Point& point) const override {
    constexpr double kFlops = 50e9, kFill = 2e9;  // 1/s a thread
    const int threads = team_->size();
    if (point.kernel == "product") {
      const double side = point.at("m");
      return {2 * side * side * side / (kFlops * threads), 8 * side * side / (kFill * threads)};
    }
    const double bytes = point.at("bytes");
    return {stream_seconds(static_cast<std::int64_t>(bytes), threads, 0), bytes / (kFill * threads)};
  }

  Sample measure(const Point& point, const Effort& effort) override {
    return point.kernel == "product" ? measure_product(point, effort) : measure_copy(point, effort);
  }

 private:
  Sample measure_copy(const Point& point, Effort effort) {
    const auto bytes = static_cast<std::int64_t>(point.at("bytes"));
    const Buffer source(bytes / 2), target(bytes / 2);
    const std::span<double> from = source.all<double>(), to = target.all<double>();
    fill_random(*team_, from, kSeed);
    effort.most_seconds /= 2;
    Sample best;
    for (const Copy copy : {stream_copy, stream_copy_around}) {
      fill_random(*team_, to, kSeed + 1);
      const Timing timing =
          repeat(effort, [&](std::int64_t n) { return seconds_of_copies(*team_, copy, from, to, n); });
      const Sample sample = sample_of(point, 0, static_cast<double>(bytes), timing, error_of_copy(from, to));
      if (best.batches == 0 || sample.seconds < best.seconds) best = sample;
    }
    return best;
  }

  Sample measure_product(const Point& point, const Effort& effort) {
    const auto side = static_cast<std::int64_t>(point.at("m"));
    const std::int64_t elements = side * side;
    const Buffer buffer(3 * elements * static_cast<std::int64_t>(sizeof(float)));
    const std::span<float> all = buffer.all<float>();
    const auto matrix = [&](std::int64_t i) {
      return all.subspan(static_cast<std::size_t>(i * elements), static_cast<std::size_t>(elements));
    };
    fill_random(*team_, all, kSeed);
    const std::span<float> a = matrix(0), b = matrix(1), c = matrix(2);
    const Timing timing = repeat(effort, [&](std::int64_t n) {
      return seconds_of([&] {
        for (std::int64_t i = 0; i < n; ++i) product(*team_, side, side, side, a.data(), b.data(), c.data());
      });
    });
    const auto flops = 2.0 * static_cast<double>(elements) * static_cast<double>(side);
    return sample_of(point, flops, static_cast<double>(buffer.bytes()), timing, error_of_product(side, a, b, c));
  }

  std::shared_ptr<Team> team_;
  std::int64_t copy_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Family> ceiling_family(const HostSetup& setup) { return std::make_unique<Ceiling>(setup); }

}  // namespace tiersim::calib
