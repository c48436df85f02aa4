// Asynchronous I/O and the drive's test file: what was written is read, whatever the engine.
#include "calib/host/io.hpp"

#include <doctest/doctest.h>
#include <linux/magic.h>
#include <sys/statfs.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <unistd.h>
#include <vector>

#include "calib/host/test_file.hpp"
#include "sim/core/rng.hpp"
#include "tests/support/direct_io.hpp"

using namespace tiersim;
using namespace tiersim::calib;

namespace {

constexpr std::int64_t kBlock = 16'384;
constexpr std::size_t kDepth = 8;

struct Buffers {
  std::byte* data = static_cast<std::byte*>(std::aligned_alloc(kPageBytes, kBlock* kDepth));
  ~Buffers() { std::free(data); }
  std::span<std::byte> at(std::size_t i) const { return {data + i * kBlock, kBlock}; }
};

std::vector<std::unique_ptr<IoEngine>> engines() {
  std::vector<std::unique_ptr<IoEngine>> out;
  out.push_back(make_thread_io_engine(kDepth));
  if (auto uring = make_io_uring_engine(kDepth); uring != nullptr) {
    out.push_back(std::move(uring));
  } else {
    MESSAGE("io_uring is not permitted here: threads alone are tested");
  }
  return out;
}

IoRequest request(IoKind kind, const TestFile& file, const Buffers& buffers, std::size_t slot, std::int64_t block) {
  return {kind, file.direct(), buffers.at(slot).data(), kBlock, block * kBlock, slot};
}

std::size_t files_in(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("does a test file have its bytes, no name, and data that neither repeat nor are zero?") {
  const tests::DirectFolder folder;
  if (!folder.usable()) return;
  const TestFile file({.folder = folder.path(), .bytes = 64 * kPageBytes + 17});
  CHECK(files_in(folder.path()) == 0);
  CHECK(file.bytes() == 64 * kPageBytes);
  std::vector<std::byte> all(static_cast<std::size_t>(file.bytes()));
  REQUIRE(pread(file.buffered(), all.data(), all.size(), 0) == file.bytes());
  CHECK(file.wrong_pages(all, 0) == 0);
  CHECK(file.wrong_pages(all, 1) == 64);
  std::set<std::vector<std::byte>> words;  // of 16 bytes
  for (std::size_t i = 0; i < all.size(); i += 16) words.insert({all.begin() + i, all.begin() + i + 16});
  CHECK(words.size() == all.size() / 16);
}

TEST_CASE("does one flipped bit make a page wrong, and only that page?") {
  const tests::DirectFolder folder;
  if (!folder.usable()) return;
  const TestFile file({.folder = folder.path(), .bytes = 4 * kPageBytes});
  std::vector<std::byte> data(4 * kPageBytes);
  file.fill(data, 7);
  CHECK(file.wrong_pages(data, 7) == 0);
  data[kPageBytes + 1000] ^= std::byte{4};
  CHECK(file.wrong_pages(data, 7) == 1);
  file.stamp(data, 100);
  CHECK(file.stamped(data, 100));
  CHECK_FALSE(file.stamped(data, 7));
  CHECK(file.wrong_pages(data, 100) == 1);
}

TEST_CASE("is what an engine writes at random what every engine then reads?") {
  const tests::DirectFolder folder;
  if (!folder.usable()) return;
  const TestFile file({.folder = folder.path(), .bytes = 64 * kBlock});
  const Buffers buffers;
  Rng rng(3);
  for (const auto& writer : engines()) {
    CAPTURE(writer->name());
    std::vector<std::int64_t> blocks;
    std::vector<IoRequest> writes;
    for (std::size_t slot = 0; slot < kDepth; ++slot) {
      blocks.push_back(static_cast<std::int64_t>(slot * 8 + rng.below(8)));
      file.fill(buffers.at(slot), static_cast<std::int64_t>(rng.below(1'000'000)));  // another body than before
      file.stamp(buffers.at(slot), blocks[slot] * kBlock / kPageBytes);
      writes.push_back(request(IoKind::write, file, buffers, slot, blocks[slot]));
    }
    std::array<std::uint64_t, kDepth> tags{};
    writer->submit(writes);
    CHECK(writer->reap(tags, kDepth) == kDepth);
    std::vector<std::byte> written(buffers.data, buffers.data + kBlock * kDepth);
    for (const auto& reader : engines()) {
      std::fill_n(buffers.data, kBlock * kDepth, std::byte{0});
      for (std::size_t slot = 0; slot < kDepth; ++slot) {
        const IoRequest read = request(IoKind::read, file, buffers, slot, blocks[slot]);
        reader->submit({&read, 1});
      }
      CHECK(reader->reap(tags, kDepth) == kDepth);
      CHECK(std::equal(written.begin(), written.end(), buffers.data));
    }
  }
}

TEST_CASE("does an engine hold as many I/Os as its depth, and give every tag back once?") {
  const tests::DirectFolder folder;
  if (!folder.usable()) return;
  const TestFile file({.folder = folder.path(), .bytes = 64 * kBlock});
  const Buffers buffers;
  for (const auto& engine : engines()) {
    CAPTURE(engine->name());
    std::vector<IoRequest> reads;
    for (std::size_t slot = 0; slot < kDepth; ++slot) {
      reads.push_back(request(IoKind::read, file, buffers, slot, static_cast<std::int64_t>(slot)));
    }
    engine->submit(reads);
    CHECK(engine->in_flight() == kDepth);
    CHECK_THROWS_AS(engine->submit({reads.data(), 1}), std::logic_error);
    std::set<std::uint64_t> tags;
    std::array<std::uint64_t, 3> some{};
    while (engine->in_flight() > 0) {
      const std::size_t count = engine->reap(some, 1);
      tags.insert(some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count));
    }
    CHECK(tags.size() == kDepth);
    CHECK(engine->reap(some, 0) == 0);
  }
}

TEST_CASE("is a read past the end of the file an error that says so, and may an engine go while I/Os are in flight?") {
  const tests::DirectFolder folder;
  if (!folder.usable()) return;
  const TestFile file({.folder = folder.path(), .bytes = 4 * kBlock});
  const Buffers buffers;
  for (const auto& engine : engines()) {
    CAPTURE(engine->name());
    const IoRequest read = request(IoKind::read, file, buffers, 0, 100);
    engine->submit({&read, 1});
    std::array<std::uint64_t, 1> tag{};
    CHECK_THROWS_WITH_AS(engine->reap(tag, 1), "a read of 16384 B at offset 1638400 failed: end of the file",
                         std::runtime_error);
    const IoRequest left = request(IoKind::read, file, buffers, 1, 0);
    engine->submit({&left, 1});
  }
}

TEST_CASE("does a folder that cannot hold a test file say why and name --folder?") {
  const auto message = [](const std::string& folder) -> std::string {
    try {
      const TestFile file({.folder = folder, .bytes = kPageBytes});
      return "";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  };
  CHECK(message("/nowhere/at/all") ==
        "no test file in '/nowhere/at/all': No such file or directory; name a folder on the drive to be measured with "
        "--folder");
  struct statfs memory {};
  if (statfs("/dev/shm", &memory) == 0 && memory.f_type == TMPFS_MAGIC)
    CHECK(message("/dev/shm").find("lives in memory") != std::string::npos);
}
