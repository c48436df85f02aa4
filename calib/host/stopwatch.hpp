#pragma once
/// What every host microkernel does around its kernel: reads the steady clock, and puts a sample together.
///
/// The clock costs some tens of nanoseconds a reading (family "overhead"), far below the window of a batch.
#include <utility>

#include "calib/measure/sample.hpp"
#include "calib/measure/timing.hpp"

namespace tiersim::calib {

template <class Work>
[[nodiscard]] double seconds_of(Work&& work) {
  const double start = steady_seconds();
  std::forward<Work>(work)();
  return steady_seconds() - start;
}

/// `check`: see Sample.
[[nodiscard]] inline Sample sample_of(const Point& point, double flops, double bytes, const Timing& timing,
                                      double check) {
  Sample sample;
  sample.point = point;
  sample.flops = flops;
  sample.bytes = bytes;
  sample.seconds = timing.median;
  sample.low = timing.low;
  sample.high = timing.high;
  sample.relative_error = timing.relative_error;
  sample.batches = timing.batches;
  sample.check = check;
  return sample;
}

}  // namespace tiersim::calib
