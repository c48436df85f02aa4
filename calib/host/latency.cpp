// Latency by working set: a chain of loads, each of which tells the address of the next, through every cache line of
// the working set in random order, so that neither prefetchers nor other loads in flight help. One run is one load;
// the parameter "bytes", and the sample's bytes, are the working set.
#include <algorithm>
#include <numeric>

#include "calib/host/buffer.hpp"
#include "calib/host/chase.hpp"
#include "calib/host/families.hpp"
#include "calib/host/sizes.hpp"
#include "calib/host/stopwatch.hpp"
#include "calib/host/system.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kSmallest = 16 << 10, kLargest = 256LL << 20, kPage = 4096;  // B
constexpr std::int64_t kCachesOver = 4;  // the largest working set, at least, in caches that one thread sees
constexpr std::uint64_t kSeed = 0x6c6174656e6379;

class Latency final : public Family {
 public:
  explicit Latency(const HostSetup& setup)
      : largest_(std::min(std::max(kLargest, kCachesOver * cache_), setup.memory_bytes / 2)) {}

  std::string_view name() const override { return "latency"; }
  std::string_view what() const override { return "chase: one load that waits for the one before, by working set"; }
  std::vector<Point> grid() const override { return grid_of(series()); }
  std::vector<Point> fresh(Rng& rng, std::size_t count) const override { return fresh_of(series(), rng, count); }

  Estimate estimate(const Point& point) const override {
    constexpr double kFromCache = 8e-9, kFromMemory = 120e-9;  // s
    const double lines = point.at("bytes") / sizeof(ChaseLine);
    const double load = point.at("bytes") <= static_cast<double>(cache_) ? kFromCache : kFromMemory;
    return {load, lines * (load + 100e-9)};
  }

  Sample measure(const Point& point, const Effort& effort) override {
    const auto lines = static_cast<std::int64_t>(point.at("bytes")) / static_cast<std::int64_t>(sizeof(ChaseLine));
    const Buffer buffer(lines * static_cast<std::int64_t>(sizeof(ChaseLine)));
    const std::span<ChaseLine> chain = buffer.all<ChaseLine>();
    Rng rng(kSeed);
    link_at_random(chain, rng);
    // A whole cycle must lead back to its start; it also fills the caches.
    const ChaseLine* at = chase(chain.data(), lines);
    const double check = at == chain.data() ? 0 : 1;
    const Timing timing = repeat(effort, [&](std::int64_t n) { return seconds_of([&] { at = chase(at, n); }); });
    return sample_of(point, 0, static_cast<double>(buffer.bytes()), timing, check);
  }

 private:
  std::vector<SizeSeries> series() const {
    return {{"latency", "chase", "", "bytes", {kSmallest, largest_, kPage}, 2}};
  }

  std::int64_t cache_ = largest_cache(), largest_;
};

}  // namespace

std::unique_ptr<Family> latency_family(const HostSetup& setup) { return std::make_unique<Latency>(setup); }

}  // namespace tiersim::calib
