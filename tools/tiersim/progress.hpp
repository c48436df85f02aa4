#pragma once
/// A line on a terminal's stderr that says how far a run is: share, rate, time left; of a measurement, what is
/// measured.
///
/// update() may come from any thread, one at a time, as often as it likes (of requests, the line is drawn ten times a
/// second at most; of a plan, each time), and nothing is drawn where stderr is no terminal. The destructor wipes it.
#include <chrono>
#include <cstddef>
#include <string>

namespace tiersim::cli {

class Progress {
 public:
  explicit Progress(bool wanted);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(std::size_t done, std::size_t total);
  /// Of a plan of so many seconds, estimated; `what` is under way.
  void update(double done, double total, const std::string& what);

 private:
  using Clock = std::chrono::steady_clock;

  void draw(double share, const std::string& text);

  bool shown_;
  bool drawn_ = false;
  Clock::time_point begin_, last_;
};

}  // namespace tiersim::cli
