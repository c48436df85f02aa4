#include "sim/cost/slow_down.hpp"

#include <algorithm>
#include <string_view>

namespace tiersim {
namespace {

double factor_of(const calib::Profile& profile, std::string_view kernel, std::string_view beside) {
  double factor = 1;
  for (const calib::Overlap& overlap : profile.overlaps) {
    if (overlap.kernel == kernel && overlap.beside == beside) factor = std::max(factor, overlap.slow_down);
  }
  return factor;
}

}  // namespace

SlowDowns::SlowDowns(const calib::Profile& profile) {
  const auto factors = [&](std::string_view beside) {
    return Factors{factor_of(profile, "gemm", beside), factor_of(profile, "copy", beside)};
  };
  factors_[1] = factors("h2d"), factors_[2] = factors("d2h"), factors_[3] = factors("both");
  factors_[3].compute = std::max({factors_[1].compute, factors_[2].compute, factors_[3].compute});
  factors_[3].bandwidth = std::max({factors_[1].bandwidth, factors_[2].bandwidth, factors_[3].bandwidth});
}

StepTime SlowDowns::applied(const StepTime& alone, bool in, bool out) const {
  const Factors& factors = factors_[(in ? 1U : 0U) + (out ? 2U : 0U)];
  StepTime slowed = alone;
  slowed.compute = alone.compute * factors.compute, slowed.bandwidth = alone.bandwidth * factors.bandwidth;
  if (alone.measured <= Seconds(0)) return slowed;
  const double longer = slowed.total() / alone.total();
  slowed.measured = alone.measured * longer, slowed.extrapolated = alone.extrapolated * longer;
  return slowed;
}

}  // namespace tiersim
