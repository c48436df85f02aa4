// The drive under the chosen folder: random reads ("read"), writes ("write") and seven reads to three writes ("mixed")
// of aligned blocks past the page cache (O_DIRECT), "depth" of them in flight. The variant is what keeps them in
// flight: "io_uring", or "threads" where the kernel permits no io_uring. A sample's run is one I/O: elapsed over ended,
// the inverse of the rate, so that latency is depth times it. Batches are an eighth of a point's time each: a drive
// whose rate is metered (cloud volumes) gives out more in bursts than it sustains.
#include <algorithm>
#include <array>
#include <cmath>

#include "calib/host/drive_load.hpp"
#include "calib/host/families.hpp"
#include "calib/host/sizes.hpp"
#include "calib/host/stopwatch.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kLargestBlock = 2 << 20;  // B
constexpr std::int64_t kDeepest = 64;
constexpr std::int64_t kRounds = 2;  // of the queue, the fewest in a batch
constexpr double kBatches = 8;       // in a point's time
constexpr SizeRange kBlocks{kPageBytes, kLargestBlock, kPageBytes};
constexpr SizeRange kDepths{1, kDeepest, 1};

struct Kernel {
  std::string_view name;
  double reads = 1;                             // share of the I/Os
  double blocks_per_octave, depths_per_octave;  // of the grid
};
// KV is read far more often than it is written, and reads are what requests wait for.
constexpr std::array kKernels = {Kernel{"read", 1, 1, 1}, Kernel{"write", 0, 1.0 / 3, 0.5},
                                 Kernel{"mixed", 0.7, 1.0 / 3, 0.5}};

const Kernel& kernel_of(const Point& point) {
  return *std::find_if(kKernels.begin(), kKernels.end() - 1, [&](const Kernel& k) { return k.name == point.kernel; });
}

class Ssd final : public Family {
 public:
  explicit Ssd(const HostSetup& setup) : setup_(setup), variant_(make_io_engine(1)->name()) {}

  std::string_view name() const override { return "ssd"; }
  std::string_view what() const override {
    return "direct I/O on a file of its own: random blocks of 4 KiB to 2 MiB, 1 to 64 in flight, read, write, 70/30";
  }

  std::vector<Point> grid() const override {
    std::vector<Point> points;
    for (const Kernel& kernel : kKernels) {
      for (const std::int64_t block : spread(kBlocks, kernel.blocks_per_octave)) {
        for (const std::int64_t depth : spread(kDepths, kernel.depths_per_octave)) {
          points.push_back(point_at(kernel, block, depth));
        }
      }
    }
    return points;
  }

  /// Three of four are reads.
  std::vector<Point> fresh(Rng& rng, std::size_t count) const override {
    std::vector<Point> points;
    const std::vector<std::int64_t> taken = spread(kBlocks, 1);
    for (std::size_t i = 0; i < count; ++i) {
      const Kernel& kernel = kKernels[rng.below(4) > 0 ? 0 : 1 + rng.below(2)];
      const auto block = fresh_size(rng, kBlocks, taken), depth = fresh_size(rng, kDepths, {});
      if (block && depth) points.push_back(point_at(kernel, *block, *depth));
    }
    return points;
  }

  Estimate estimate(const Point& point) const override {
    constexpr double kAlone = 150e-6, kRate = 1e9, kMaking = 0.5e9;  // s, B/s, B/s: a middling drive
    const double run = std::max(kAlone / point.at("depth"), point.at("block") / kRate);
    const double rounds = static_cast<double>(kRounds) * point.at("depth") * run;
    return {run, rounds + (file_ ? 0.0 : static_cast<double>(setup_.file_bytes) / kMaking / kPointsAFile)};
  }

  Sample measure(const Point& point, const Effort& effort) override {
    prepare();
    const auto depth = static_cast<std::int64_t>(point.at("depth"));
    const std::unique_ptr<IoEngine> engine = make_io_engine(static_cast<std::size_t>(depth));
    DriveLoad load({.block = static_cast<std::int64_t>(point.at("block")),
                    .depth = static_cast<std::size_t>(depth),
                    .reads = kernel_of(point).reads,
                    .seed = ++loads_},
                   *file_, *engine, buffer_);
    Effort longer = effort;
    longer.least_window = std::max(effort.least_window, effort.most_seconds / kBatches);
    const Timing timing =
        repeat(longer, [&](std::int64_t n) { return static_cast<double>(n) * load.run(std::max(n, kRounds * depth)); });
    return sample_of(point, 0, point.at("block"), timing, load.check() ? 0 : 1);
  }

  void release() override {
    file_.reset();
    buffer_ = Buffer();
  }

 private:
  static constexpr double kPointsAFile = 20;  // over which its making is spread in estimates

  Point point_at(const Kernel& kernel, std::int64_t block, std::int64_t depth) const {
    return {"ssd",
            std::string(kernel.name),
            variant_,
            {{"block", static_cast<double>(block)}, {"operations", 1}, {"depth", static_cast<double>(depth)}}};
  }

  void prepare() {
    if (file_ != nullptr) return;
    file_ = std::make_unique<TestFile>(TestFileSetup{.folder = setup_.folder, .bytes = setup_.file_bytes});
    buffer_ = Buffer(kDeepest * kLargestBlock);
  }

  HostSetup setup_;
  std::string variant_;
  std::unique_ptr<TestFile> file_;
  Buffer buffer_;
  std::uint64_t loads_ = 0;
};

}  // namespace

std::unique_ptr<Family> ssd_family(const HostSetup& setup) { return std::make_unique<Ssd>(setup); }

}  // namespace tiersim::calib
