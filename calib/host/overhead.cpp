// What it costs to begin and to time a kernel: a team's empty run, a reading of the clock.
#include <chrono>

#include "calib/host/families.hpp"
#include "calib/host/stopwatch.hpp"

namespace tiersim::calib {
namespace {

class Overhead final : public Family {
 public:
  explicit Overhead(const HostSetup& setup) : team_(setup.team) {}

  std::string_view name() const override { return "overhead"; }
  std::string_view what() const override { return "fork_join of all threads, reading of the clock"; }
  std::vector<Point> grid() const override {
    return {{"overhead", "fork_join", "all threads", {{"operations", 1}}},
            {"overhead", "clock", "", {{"operations", 1}}}};
  }
  std::vector<Point> fresh(Rng&, std::size_t) const override { return {}; }  // there are no sizes to draw from
  Estimate estimate(const Point& point) const override { return {point.kernel == "clock" ? 30e-9 : 2e-6, 0}; }

  Sample measure(const Point& point, const Effort& effort) override {
    const bool clock = point.kernel == "clock";
    const Timing timing = repeat(effort, [&](std::int64_t n) { return clock ? read_clock(n) : fork_and_join(n); });
    return sample_of(point, 0, 0, timing, -1);
  }

 private:
  double fork_and_join(std::int64_t n) const {
    const std::function<void(int)> nothing = [](int) {};
    return seconds_of([&] {
      for (std::int64_t i = 0; i < n; ++i) team_->run(nothing);
    });
  }

  static double read_clock(std::int64_t n) {
    return seconds_of([&] {
      for (std::int64_t i = 0; i < n; ++i) static_cast<void>(std::chrono::steady_clock::now());
    });
  }

  std::shared_ptr<Team> team_;
};

}  // namespace

std::unique_ptr<Family> overhead_family(const HostSetup& setup) { return std::make_unique<Overhead>(setup); }

}  // namespace tiersim::calib
