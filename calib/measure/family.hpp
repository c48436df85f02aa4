#pragma once
/// A family of microkernels: which sizes there are, and how one of them is measured.
///
/// One file per family in calib/host and calib/cuda. grid() is the declared set of sizes, spread evenly over their
/// logarithms, small to large within a series; fresh() draws sizes that are not on it, log-uniformly, within the
/// grid's range, for validation. measure() prepares buffers with random data, checks the result once against a
/// double-precision reference where there is something to compute, and times it with repeat(); it throws
/// std::runtime_error with what to do if the machine cannot run the point (too little memory or disk). One point at a
/// time; families may keep buffers between calls and give them up in release(). The standard library only.
#include <memory>
#include <string_view>
#include <vector>

#include "calib/measure/sample.hpp"
#include "calib/measure/timing.hpp"
#include "sim/core/rng.hpp"

namespace tiersim::calib {

class Family {
 public:
  virtual ~Family() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;  ///< "gemm": the word of --family
  [[nodiscard]] virtual std::string_view what() const = 0;  ///< one line: kernels, sizes, types
  [[nodiscard]] virtual std::vector<Point> grid() const = 0;
  [[nodiscard]] virtual std::vector<Point> fresh(Rng& rng, std::size_t count) const = 0;
  /// Seconds of one run of the kernel and of what must happen before its first, roughly: for the plan.
  struct Estimate {
    double run = 0, set_up = 0;
  };
  [[nodiscard]] virtual Estimate estimate(const Point& point) const = 0;
  [[nodiscard]] virtual Sample measure(const Point& point, const Effort& effort) = 0;
  virtual void release() {}
};

using Families = std::vector<std::unique_ptr<Family>>;  ///< in the order of their worth: the first are measured first

}  // namespace tiersim::calib
