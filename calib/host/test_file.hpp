#pragma once
/// A file of known random data to measure a drive with; it is gone however the program ends.
///
/// Used by the drive's and the page cache's families and by the offload engine. The constructor makes the file in a
/// folder, opens it twice (with and without O_DIRECT), removes its name at once and fills it: `bytes` at most, never
/// more than a quarter of what is free, and no more than fits into `most_seconds`, but at least kLeast unless fewer
/// bytes were asked for. Data are pages of 4 KiB: a stamp (page number, seed and pool entry) and a body from a pool of
/// random pages, so that they neither compress nor repeat and each can be checked alone. Writers stamp their pages
/// anew. Errors (std::runtime_error, naming the folder and --folder): no such folder, read-only, no room, no O_DIRECT
/// (tmpfs), a failing drive.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace tiersim::calib {

inline constexpr std::int64_t kPageBytes = 4096;

struct TestFileSetup {
  std::string folder;
  std::int64_t bytes = 0;  ///< rounded down to whole pages
  double most_seconds = 20;
  std::uint64_t seed = 1;
};

class TestFile {
 public:
  static constexpr std::int64_t kLeast = 256LL << 20;

  explicit TestFile(const TestFileSetup& setup);
  ~TestFile();
  TestFile(const TestFile&) = delete;
  TestFile& operator=(const TestFile&) = delete;

  [[nodiscard]] int direct() const { return direct_; }      ///< descriptor with O_DIRECT
  [[nodiscard]] int buffered() const { return buffered_; }  ///< descriptor through the page cache
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }

  /// Fills whole pages with data for the file's pages from `page` on. Cost: a copy.
  void fill(std::span<std::byte> data, std::int64_t page) const;
  /// Turns pages filled before into data for the file's pages from `page` on. Cost: a cache line a page.
  void stamp(std::span<std::byte> data, std::int64_t page) const;
  /// Whether the first page's stamp is that of `page`. Cost: a cache line.
  [[nodiscard]] bool stamped(std::span<const std::byte> data, std::int64_t page) const;
  /// How many of the pages are not, byte by byte, what was written to the file's pages from `page` on.
  [[nodiscard]] std::int64_t wrong_pages(std::span<const std::byte> data, std::int64_t page) const;

 private:
  void open_in(const std::string& folder);
  void write_all(const TestFileSetup& setup);
  void close_all();

  int direct_ = -1, buffered_ = -1;
  std::int64_t bytes_ = 0;
  std::uint64_t seed_ = 1;
  std::unique_ptr<std::byte[]> pool_;  // kPoolPages pages
};

}  // namespace tiersim::calib
