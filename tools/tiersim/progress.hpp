#pragma once
/// A line on a terminal's stderr that says how far a run is: share, rate, time left.
///
/// update() may come from any thread, one at a time, as often as it likes: the line is drawn ten times a second at
/// most, and not at all where stderr is no terminal. The destructor wipes it.
#include <chrono>
#include <cstddef>

namespace tiersim::cli {

class Progress {
 public:
  explicit Progress(bool wanted);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(std::size_t done, std::size_t total);

 private:
  using Clock = std::chrono::steady_clock;

  bool shown_;
  bool drawn_ = false;
  Clock::time_point begin_, last_;
};

}  // namespace tiersim::cli
