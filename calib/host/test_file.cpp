#include "calib/host/test_file.hpp"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/statfs.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>

#include "sim/core/rng.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kPoolPages = 1024;
constexpr std::int64_t kChunk = 4 << 20;  // B, of one write while the file is made

struct Stamp {
  std::uint64_t page = 0;  // xor the seed
  std::uint64_t body = 0;  // page of the pool
};

[[noreturn]] void fail(const std::string& folder, const std::string& reason) {
  throw std::runtime_error(
      fmt::format("no test file in '{}': {}; name a folder on the drive to be measured with --folder", folder, reason));
}

std::string reason_of(int error) { return std::strerror(error); }

bool lives_in_memory(const struct statfs& fs) { return fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC; }

std::int64_t bytes_allowed(const std::string& folder, std::int64_t wanted) {
  struct statfs fs {};
  if (statfs(folder.c_str(), &fs) != 0) fail(folder, reason_of(errno));
  if (lives_in_memory(fs)) fail(folder, "it lives in memory (tmpfs), not on a drive");
  const auto room = static_cast<std::int64_t>(fs.f_bavail) * static_cast<std::int64_t>(fs.f_bsize);
  if (room < TestFile::kLeast) {
    fail(folder, fmt::format("{} MiB are free there, {} are needed", room >> 20, TestFile::kLeast >> 20));
  }
  return std::min(wanted, room / 4) / kPageBytes * kPageBytes;
}

Stamp stamp_at(const std::byte* page) {
  Stamp out;
  std::memcpy(&out, page, sizeof out);
  return out;
}

struct Free {
  void operator()(std::byte* p) const { std::free(p); }
};
using AlignedBytes = std::unique_ptr<std::byte[], Free>;

std::unique_ptr<std::byte[]> random_pages(std::uint64_t seed) {
  auto out = std::make_unique<std::byte[]>(static_cast<std::size_t>(kPoolPages * kPageBytes));
  Rng rng(seed);
  for (std::int64_t i = 0; i < kPoolPages * kPageBytes; i += 8) {
    const std::uint64_t word = rng.next();
    std::memcpy(out.get() + i, &word, sizeof word);
  }
  return out;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

TestFile::TestFile(const TestFileSetup& setup)
    : bytes_(bytes_allowed(setup.folder, setup.bytes)), seed_(Rng(setup.seed).next()), pool_(random_pages(setup.seed)) {
  try {
    open_in(setup.folder);
    write_all(setup);
  } catch (...) {
    close_all();
    throw;
  }
}

TestFile::~TestFile() { close_all(); }

void TestFile::close_all() {
  if (direct_ >= 0) close(direct_);
  if (buffered_ >= 0) close(buffered_);
}

/// The file has a name for as long as it takes to open it twice.
void TestFile::open_in(const std::string& folder) {
  std::string path = folder + "/tiersim-test-XXXXXX";
  buffered_ = mkostemp(path.data(), O_CLOEXEC);
  if (buffered_ < 0) fail(folder, reason_of(errno));
  direct_ = open(path.c_str(), O_RDWR | O_DIRECT | O_CLOEXEC);
  const int error = errno;
  unlink(path.c_str());
  if (direct_ < 0) {
    fail(folder, error == EINVAL ? "its file system knows no direct I/O (O_DIRECT)" : reason_of(error));
  }
}

void TestFile::write_all(const TestFileSetup& setup) {
  const AlignedBytes chunk(static_cast<std::byte*>(std::aligned_alloc(kPageBytes, kChunk)));
  const double start = now();
  const std::int64_t least = std::min(bytes_, kLeast);
  std::int64_t written = 0;
  while (written < bytes_ && (written < least || now() - start < setup.most_seconds)) {
    const std::span part(chunk.get(), static_cast<std::size_t>(std::min(kChunk, bytes_ - written)));
    fill(part, written / kPageBytes);
    const ssize_t moved = pwrite(direct_, part.data(), part.size(), written);
    if (moved < 0 && errno != EINTR) fail(setup.folder, reason_of(errno));
    written += std::max<ssize_t>(moved, 0) / kPageBytes * kPageBytes;
  }
  bytes_ = written;
  if (fdatasync(direct_) != 0) fail(setup.folder, reason_of(errno));
}

void TestFile::fill(std::span<std::byte> data, std::int64_t page) const {
  for (std::size_t i = 0; i < data.size(); i += kPageBytes, ++page) {
    // Another body for each use of a page of the pool: runs of pages repeat nowhere in the same order.
    const std::int64_t body = (page * 577 + page / kPoolPages) % kPoolPages;
    std::memcpy(&data[i], pool_.get() + body * kPageBytes, kPageBytes);
    const Stamp stamp{static_cast<std::uint64_t>(page) ^ seed_, static_cast<std::uint64_t>(body)};
    std::memcpy(&data[i], &stamp, sizeof stamp);
  }
}

void TestFile::stamp(std::span<std::byte> data, std::int64_t page) const {
  for (std::size_t i = 0; i < data.size(); i += kPageBytes, ++page) {
    const std::uint64_t word = static_cast<std::uint64_t>(page) ^ seed_;
    std::memcpy(&data[i], &word, sizeof word);
  }
}

bool TestFile::stamped(std::span<const std::byte> data, std::int64_t page) const {
  return stamp_at(data.data()).page == (static_cast<std::uint64_t>(page) ^ seed_);
}

std::int64_t TestFile::wrong_pages(std::span<const std::byte> data, std::int64_t page) const {
  std::int64_t wrong = 0;
  for (std::size_t i = 0; i < data.size(); i += kPageBytes, ++page) {
    const Stamp stamp = stamp_at(&data[i]);
    const bool right = stamp.page == (static_cast<std::uint64_t>(page) ^ seed_) && stamp.body < kPoolPages &&
                       std::memcmp(&data[i + sizeof stamp], pool_.get() + stamp.body * kPageBytes + sizeof stamp,
                                   kPageBytes - sizeof stamp) == 0;
    if (!right) ++wrong;
  }
  return wrong;
}

}  // namespace tiersim::calib
