// Reads of a file that the page cache holds, by pread on one thread into one buffer: a system call and a copy. Blocks
// lie at random places of a file that is larger than the processors' caches, so that the copy reads from memory.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <unistd.h>

#include "calib/host/buffer.hpp"
#include "calib/host/families.hpp"
#include "calib/host/sizes.hpp"
#include "calib/host/stopwatch.hpp"
#include "calib/host/system.hpp"
#include "calib/host/test_file.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kLargestBlock = 64 << 20;  // B
constexpr std::int64_t kCachesOver = 4;           // the file's size in all caches together, at least
constexpr std::int64_t kLargestFile = 1LL << 30;

class PageCache final : public Family {
 public:
  explicit PageCache(const HostSetup& setup)
      : setup_(setup),
        file_bytes_(std::min({std::clamp(kCachesOver * all_caches(), 4 * kLargestBlock, kLargestFile), setup.file_bytes,
                              setup.memory_bytes})),
        series_{{"page_cache",
                 "read",
                 "",
                 "block",
                 {kPageBytes, std::min(kLargestBlock, file_bytes_ / 4), kPageBytes},
                 1}} {}

  std::string_view name() const override { return "page_cache"; }
  std::string_view what() const override { return "pread of 4 KiB to 64 MiB from a file that the page cache holds"; }
  std::vector<Point> grid() const override { return grid_of(series_); }
  std::vector<Point> fresh(Rng& rng, std::size_t count) const override { return fresh_of(series_, rng, count); }

  Estimate estimate(const Point& point) const override {
    constexpr double kCall = 1e-6, kRate = 4e9, kMaking = 0.5e9;  // s, B/s, B/s
    const double making = file_ ? 0.0 : static_cast<double>(file_bytes_) / kMaking;
    return {kCall + point.at("block") / kRate, making / static_cast<double>(grid().size())};
  }

  Sample measure(const Point& point, const Effort& effort) override {
    if (file_ == nullptr) prepare();
    const auto block = static_cast<std::int64_t>(point.at("block"));
    const auto blocks = static_cast<std::uint64_t>(file_->bytes() / block);
    if (blocks == 0) throw std::runtime_error("the test file is smaller than the block: free more room in its folder");
    Rng rng(++points_);
    std::int64_t at = 0;
    const auto run = [&](std::int64_t n) {
      return seconds_of([&] {
        for (std::int64_t i = 0; i < n; ++i) {
          at = static_cast<std::int64_t>(rng.below(blocks)) * block;
          read(at, block);
        }
      });
    };
    const Timing timing = repeat(effort, run);
    const bool right =
        file_->wrong_pages({buffer_.as<std::byte>(), static_cast<std::size_t>(block)}, at / kPageBytes) == 0;
    return sample_of(point, 0, point.at("block"), timing, right ? 0 : 1);
  }

  void release() override {
    file_.reset();
    buffer_ = Buffer();
  }

 private:
  void prepare() {
    buffer_ = Buffer(kLargestBlock);
    file_ = std::make_unique<TestFile>(TestFileSetup{.folder = setup_.folder, .bytes = file_bytes_});
    const std::int64_t step = std::min(kLargestBlock, file_->bytes());
    for (std::int64_t at = 0; at < file_->bytes(); at += step) read(at, std::min(step, file_->bytes() - at));
  }

  void read(std::int64_t at, std::int64_t bytes) const {
    for (std::int64_t done = 0; done < bytes;) {
      const ssize_t moved =
          pread(file_->buffered(), buffer_.as<std::byte>() + done, static_cast<std::size_t>(bytes - done), at + done);
      if (moved < 0 && errno == EINTR) continue;
      if (moved <= 0) {
        throw std::runtime_error(fmt::format("reading the test file in '{}' failed: {}", setup_.folder,
                                             moved == 0 ? "end of the file" : std::strerror(errno)));
      }
      done += moved;
    }
  }

  HostSetup setup_;
  std::int64_t file_bytes_;
  std::vector<SizeSeries> series_;
  std::unique_ptr<TestFile> file_;
  Buffer buffer_;
  std::uint64_t points_ = 0;
};

}  // namespace

std::unique_ptr<Family> page_cache_family(const HostSetup& setup) { return std::make_unique<PageCache>(setup); }

}  // namespace tiersim::calib
