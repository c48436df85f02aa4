#pragma once
/// How far a kernel's outputs are from a double-precision reference: ||out - reference|| / ||reference||.
///
/// Fed element by element with a sample of the outputs. NaN or infinity in an output, or no element at all, gives
/// infinity, so that it never passes. O(1) each.
#include <cmath>
#include <cstdint>
#include <limits>

namespace tiersim::calib {

class ErrorNorm {
 public:
  void add(double out, double reference) {
    difference_ += (out - reference) * (out - reference);
    reference_ += reference * reference;
    ++count_;
  }
  [[nodiscard]] double value() const {
    const bool sound = count_ > 0 && std::isfinite(difference_) && std::isfinite(reference_);
    if (!sound) return std::numeric_limits<double>::infinity();
    if (difference_ == 0) return 0;
    return std::sqrt(difference_ / reference_);
  }

 private:
  double difference_ = 0, reference_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace tiersim::calib
