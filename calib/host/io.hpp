#pragma once
/// Reads and writes of a file that run while the caller does something else: many in flight, completions polled.
///
/// Called by the drive's microkernels and by the offload engine, each from one thread. submit() hands I/Os over and
/// returns; reap() gives those that ended, in any order. make_io_engine() takes io_uring where the kernel permits it
/// and else a thread per I/O in flight with pread and pwrite; name() says which. For a file opened with O_DIRECT data,
/// bytes and offset are multiples of kIoAlignment. An I/O moves all of its bytes (what the kernel did in part is gone
/// on with) or fails: reap() then throws std::runtime_error that names offset, size and reason, the end of the file
/// included, and the other I/Os go on. Data must live until the I/O was reaped; the destructor waits for what is in
/// flight. Cost: one system call for a submit() and at most one for a reap(), well under a microsecond an I/O with
/// io_uring and some ten with threads; no allocation after construction.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace tiersim::calib {

inline constexpr std::int64_t kIoAlignment = 4096;

enum class IoKind : std::uint8_t { read, write };

struct IoRequest {
  IoKind kind = IoKind::read;
  int file = -1;  ///< a descriptor, open until the I/O was reaped
  std::byte* data = nullptr;
  std::int64_t bytes = 0;   ///< positive, below 2 GiB
  std::int64_t offset = 0;  ///< in the file
  std::uint64_t tag = 0;    ///< the caller's, returned by reap()
};

class IoEngine {
 public:
  virtual ~IoEngine() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;  ///< "io_uring" or "threads"
  [[nodiscard]] virtual std::size_t depth() const = 0;      ///< the most that may be in flight
  [[nodiscard]] virtual std::size_t in_flight() const = 0;  ///< submitted and not yet reaped
  /// At most depth() - in_flight() requests.
  virtual void submit(std::span<const IoRequest> requests) = 0;
  /// Waits until at least `least` (<= in_flight(), <= tags.size()) have ended, 0 for not at all, and writes the tags of
  /// as many as have, up to tags.size(). Returns how many.
  virtual std::size_t reap(std::span<std::uint64_t> tags, std::size_t least) = 0;
};

[[nodiscard]] std::unique_ptr<IoEngine> make_io_engine(std::size_t depth);
/// Null where the kernel knows no io_uring or forbids it (containers often do).
[[nodiscard]] std::unique_ptr<IoEngine> make_io_uring_engine(std::size_t depth);
[[nodiscard]] std::unique_ptr<IoEngine> make_thread_io_engine(std::size_t depth);

}  // namespace tiersim::calib
