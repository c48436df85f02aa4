// What the drive's families do to the drive: how many I/Os, where, and whether the data are looked at.
#include "calib/host/drive_load.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <unistd.h>

#include "calib/host/families.hpp"
#include "tests/support/direct_io.hpp"

using namespace tiersim;
using namespace tiersim::calib;

namespace {

constexpr std::int64_t kBlock = 8192;
constexpr std::int64_t kFile = 64 * kBlock;

/// Passes I/Os on to threads and keeps what it saw.
class Witness final : public IoEngine {
 public:
  explicit Witness(std::size_t depth) : inner_(make_thread_io_engine(depth)) {}
  std::string_view name() const override { return "witness"; }
  std::size_t depth() const override { return inner_->depth(); }
  std::size_t in_flight() const override { return inner_->in_flight(); }
  void submit(std::span<const IoRequest> requests) override {
    for (const IoRequest& r : requests) {
      met |= std::any_of(live_.begin(), live_.end(), [&](const auto& other) { return other.second == r.offset; });
      outside |= r.offset % kBlock != 0 || r.offset < 0 || r.offset + r.bytes > kFile;
      live_[r.tag] = r.offset;
      ++(r.kind == IoKind::read ? reads : writes);
    }
    inner_->submit(requests);
    least_in_flight = std::min(least_in_flight, in_flight());
  }
  std::size_t reap(std::span<std::uint64_t> tags, std::size_t least) override {
    const std::size_t count = inner_->reap(tags, least);
    for (std::size_t i = 0; i < count; ++i) live_.erase(tags[i]);
    return count;
  }

  bool met = false, outside = false;
  int reads = 0, writes = 0;
  std::size_t least_in_flight = 1000;

 private:
  std::unique_ptr<IoEngine> inner_;
  std::map<std::uint64_t, std::int64_t> live_;
};

HostSetup tiny_setup(const std::string& folder) {
  return {.folder = folder, .file_bytes = 4 << 20, .memory_bytes = 256 << 20, .team = std::make_shared<Team>(1)};
}

}  // namespace

TEST_CASE("does a load keep its depth in flight, at random aligned blocks that never meet?") {
  const tests::DirectFolder folder;
  if (!folder.usable()) return;
  const TestFile file({.folder = folder.path(), .bytes = kFile});
  const Buffer buffer(64 * kBlock);
  for (const std::size_t depth : {1UL, 3UL, 16UL}) {
    CAPTURE(depth);
    Witness engine(depth);
    DriveLoad load({.block = kBlock, .depth = depth, .reads = 0.7}, file, engine, buffer);
    CHECK(load.run(500) > 0);
    CHECK(engine.least_in_flight == depth);
    CHECK(load.check());
    CHECK(engine.in_flight() == 0);
    CHECK_FALSE(engine.met);
    CHECK_FALSE(engine.outside);
    CHECK(engine.reads / static_cast<double>(engine.reads + engine.writes) == doctest::Approx(0.7).epsilon(0.15));
  }
}

TEST_CASE("does a load notice data that are not what was written?") {
  const tests::DirectFolder folder;
  if (!folder.usable()) return;
  const TestFile file({.folder = folder.path(), .bytes = kFile});
  const Buffer buffer(64 * kBlock);
  for (const std::int64_t flipped : {0L, 3000L}) {  // in the stamp, in the body of each block's first page
    for (std::int64_t at = 0; at < kFile; at += kBlock) {
      const char wrong = 1;
      REQUIRE(pwrite(file.buffered(), &wrong, 1, at + flipped) == 1);
    }
    REQUIRE(fsync(file.buffered()) == 0);
    const auto engine = make_io_engine(4);
    DriveLoad load({.block = kBlock, .depth = 4}, file, *engine, buffer);
    load.run(20);
    CHECK_FALSE(load.check());
    std::vector<std::byte> all(kFile);
    file.fill(all, 0);
    REQUIRE(pwrite(file.buffered(), all.data(), all.size(), 0) == kFile);
  }
}

TEST_CASE("is a file with fewer blocks than I/Os in flight an error that says what to do?") {
  const tests::DirectFolder folder;
  if (!folder.usable()) return;
  const TestFile file({.folder = folder.path(), .bytes = 2 * kBlock});
  const Buffer buffer(64 * kBlock);
  const auto engine = make_io_engine(3);
  CHECK_THROWS_WITH_AS(DriveLoad({.block = kBlock, .depth = 3}, file, *engine, buffer),
                       doctest::Contains("name another with --folder"), std::runtime_error);
}

TEST_CASE("do the drive's and the page cache's families measure, check their data and leave no file?") {
  const tests::DirectFolder folder;
  if (!folder.usable()) return;
  const HostSetup setup = tiny_setup(folder.path());
  const Effort effort{.least_window = 1e-5, .most_seconds = 1e-3, .warm_ups = 1, .most_batches = 5};
  std::map<std::string, int> measured;
  for (const auto& family : {ssd_family(setup), page_cache_family(setup)}) {
    for (const Point& point : family->grid()) {
      if (point.at("block") > 32768 || point.at("depth", 1) > 4) continue;
      CAPTURE(point.key());
      CHECK(family->estimate(point).run > 0);
      const Sample sample = family->measure(point, effort);
      CHECK(sample.point == point);
      CHECK(sample.bytes == point.at("block"));
      CHECK(sample.seconds > 0);
      CHECK(sample.check == 0);
      ++measured[point.family + "/" + point.kernel];
    }
    CHECK(std::filesystem::is_empty(folder.path()));
  }
  CHECK(measured["ssd/read"] == 12);
  CHECK(measured["ssd/write"] == 4);
  CHECK(measured["ssd/mixed"] == 4);
  CHECK(measured["page_cache/read"] == 4);
}

TEST_CASE(
    "do a drive's points span 4 KiB to 2 MiB and 1 to 64 in flight, and fresh ones lie between those of the grid?") {
  const auto family = ssd_family(tiny_setup("/nowhere"));  // nothing is made before something is measured
  const std::vector<Point> grid = family->grid();
  for (const std::string kernel : {"read", "write", "mixed"}) {
    std::vector<std::pair<double, double>> sizes;
    for (const Point& point : grid) {
      if (point.kernel == kernel) sizes.emplace_back(point.at("block"), point.at("depth"));
    }
    CHECK(std::count(sizes.begin(), sizes.end(), std::pair(4096.0, 1.0)) == 1);
    CHECK(std::count(sizes.begin(), sizes.end(), std::pair(2097152.0, 64.0)) == 1);
  }
  Rng rng(4);
  int reads = 0;
  for (const Point& point : family->fresh(rng, 200)) {
    CHECK(std::count(grid.begin(), grid.end(), point) == 0);
    CHECK(static_cast<std::int64_t>(point.at("block")) % 4096 == 0);
    CHECK(point.at("block") <= 2097152);
    CHECK(point.at("depth") >= 1);
    CHECK(point.at("depth") <= 64);
    reads += point.kernel == "read" ? 1 : 0;
  }
  CHECK(reads > 120);
}
