#pragma once
/// Random I/Os of one size on a test file, as many in flight as asked for: what the drive's family times.
///
/// One place of the buffer and one stretch of the file belong to each I/O in flight, so that no two of them meet;
/// within its stretch an I/O goes to a random multiple of its size. The queue stays full from the first run() on: a
/// run() counts the I/Os that end, each of which starts another, so that what it returns is the drive's pace at this
/// depth without filling or draining. Every read's first page is checked as it arrives (a cache line); check() drains
/// the queue and looks at whole blocks. Throws std::runtime_error if the file has fewer blocks than I/Os in flight or
/// an I/O fails.
#include <cstdint>
#include <memory>
#include <vector>

#include "calib/host/buffer.hpp"
#include "calib/host/io.hpp"
#include "calib/host/test_file.hpp"
#include "sim/core/rng.hpp"

namespace tiersim::calib {

struct DriveLoadSetup {
  std::int64_t block = kPageBytes;  ///< B, a multiple of kPageBytes
  std::size_t depth = 1;
  double reads = 1;  ///< share of the I/Os; the others write
  std::uint64_t seed = 1;
};

class DriveLoad {
 public:
  /// All three must outlive it; the engine is idle and as deep as asked for, the buffer holds depth blocks.
  DriveLoad(const DriveLoadSetup& setup, const TestFile& file, IoEngine& engine, const Buffer& buffer);

  /// Waits for at least `operations` I/Os to end and returns the seconds that one took: elapsed over ended.
  double run(std::int64_t operations);
  /// Waits for what is in flight and compares what some places last read or wrote. True if all pages ever looked at
  /// were right.
  [[nodiscard]] bool check();

 private:
  struct Place {
    std::int64_t block = 0;  // of the file, in units of the I/O's size
    IoKind kind = IoKind::read;
  };

  [[nodiscard]] std::span<std::byte> data(std::size_t place) const;
  [[nodiscard]] std::int64_t page(std::size_t place) const { return places_[place].block * pages_; }
  [[nodiscard]] std::int64_t stretch(std::size_t place) const;
  IoRequest next(std::size_t place);
  void start();
  std::size_t turn_over();

  DriveLoadSetup setup_;
  const TestFile& file_;
  IoEngine& engine_;
  std::byte* data_;
  std::int64_t pages_, blocks_;
  std::vector<Place> places_;
  std::vector<std::uint64_t> ended_;
  std::vector<IoRequest> requests_;
  Rng rng_;
  bool right_ = true;
};

}  // namespace tiersim::calib
