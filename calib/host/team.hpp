#pragma once
/// Threads that run one kernel together, each but the caller's pinned to a processor that this process may use.
///
/// run() calls work(rank) once for every rank, rank 0 on the calling thread, and returns when all have; it costs a few
/// microseconds (waiting threads spin for a short while, then sleep), which the family "overhead" measures. Not to be
/// called from two threads at once; work must not throw.
#include <cstdint>
#include <functional>
#include <memory>

namespace tiersim::calib {

class Team {
 public:
  /// `threads` at least 1, at most available().
  explicit Team(int threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  [[nodiscard]] int size() const;
  void run(const std::function<void(int rank)>& work);

  /// Processors in the calling thread's affinity mask.
  [[nodiscard]] static int available();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The part of [0, count) that is `rank`'s of `size`: as even as multiples of `grain` allow.
struct Share {
  std::int64_t begin = 0, end = 0;
};
[[nodiscard]] Share share_of(std::int64_t count, std::int64_t grain, int rank, int size);

}  // namespace tiersim::calib
