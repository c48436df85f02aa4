#pragma once
/// A file on a drive as a tier: blocks are read and written by a few threads, past the page cache.
///
/// Called by the offload loop from one thread. start() queues an I/O and returns its number; ended() gives the numbers
/// of those that have ended since. Memory, offsets and lengths are multiples of 4096 bytes, and memory stays as it is
/// until the I/O has ended. The file is made in a folder with its space reserved, and has no name from then on, so
/// that it vanishes however the program ends. Errors: std::runtime_error with folder and reason, those of an I/O from
/// ended().
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tiersim::calib {

class DriveFile {
 public:
  using Io = std::uint64_t;

  /// `direct`: past the page cache (O_DIRECT), which not every file system can.
  DriveFile(const std::string& folder, std::int64_t bytes, int threads, bool direct);
  ~DriveFile();
  DriveFile(const DriveFile&) = delete;
  DriveFile& operator=(const DriveFile&) = delete;

  Io start_read(void* memory, std::int64_t offset, std::int64_t bytes);
  Io start_write(const void* memory, std::int64_t offset, std::int64_t bytes);
  /// With `wait`, not before one has ended, if any is under way.
  [[nodiscard]] std::vector<Io> ended(bool wait);

 private:
  struct Job {
    Io number = 0;
    char* memory = nullptr;
    std::int64_t offset = 0, bytes = 0;
    bool write = false;
  };
  Io start(Job job);
  void work();
  [[nodiscard]] std::string carry_out(const Job& job) const;  ///< why it failed; empty: it did not

  int file_ = -1;
  std::mutex mutex_;
  std::condition_variable queued_, done_;
  std::deque<Job> reads_, writes_;  // reads go first: somebody waits for them
  std::vector<Io> ended_;
  std::string failure_;
  Io next_ = 0;
  std::int64_t under_way_ = 0;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tiersim::calib
