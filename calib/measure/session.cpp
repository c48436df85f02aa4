#include "calib/measure/session.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <new>
#include <optional>
#include <stdexcept>

#include "calib/measure/sample_log.hpp"

namespace tiersim::calib {
namespace {

std::string short_text(double value) {
  std::array<char, 32> digits;
  return {digits.data(),
          std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::general, 3).ptr};
}

/// Why the sample cannot be used; empty if it can.
std::string fault_of(const Sample& sample, double most_wrong) {
  if (!std::isfinite(sample.seconds) || sample.seconds <= 0) return "the clock saw no time pass";
  if (!(sample.check <= most_wrong))  // NaN is wrong, too
    return "wrong result: off by " + short_text(sample.check) + " of the reference, at most " + short_text(most_wrong);
  return {};
}

Sample measure_once(const PlannedPoint& planned, const Effort& effort, MachineWatch& watch) {
  watch.begin();
  Sample sample = planned.family->measure(planned.point, effort);
  const MachineState state = watch.end();
  sample.clock_mhz = state.clock_mhz;
  sample.celsius = state.celsius;
  sample.throttled = state.throttled;
  return sample;
}

Sample measure(const PlannedPoint& planned, const Effort& effort, MachineWatch& watch,
               const std::function<bool()>& has_time) {
  const Sample sample = measure_once(planned, effort, watch);
  return sample.throttled && has_time() ? measure_once(planned, effort, watch) : sample;
}

/// Each rate as measured, or as it was known before.
Ceilings newest(const Ceilings& known, const Ceilings& measured) {
  return {measured.flops_per_second > 0 ? measured.flops_per_second : known.flops_per_second,
          measured.bytes_per_second > 0 ? measured.bytes_per_second : known.bytes_per_second};
}

/// Gives up a family's buffers and files however its points end.
class Borrowed {
 public:
  Borrowed() = default;
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  ~Borrowed() { hand_back(); }
  /// Returns whether another family was at it before.
  bool take(Family* family) {
    if (family == family_) return false;
    hand_back();
    family_ = family;
    return true;
  }
  void hand_back() {
    if (family_ != nullptr) family_->release();
    family_ = nullptr;
  }

 private:
  Family* family_ = nullptr;
};

/// The reason why there is no usable sample, or none.
template <class Measure>
std::string attempt(const Measure& measure, double most_wrong, Sample& sample) {
  try {
    sample = measure();
    return fault_of(sample, most_wrong);
  } catch (const std::bad_alloc&) {
    return "too little memory";
  } catch (const std::runtime_error& e) {
    return e.what();
  }
}

}  // namespace

SessionResult run_session(const Plan& plan, MachineWatch& watch, const SessionSettings& settings) {
  std::optional<SampleLog> log;
  if (!settings.csv_path.empty()) log.emplace(settings.csv_path);
  SessionResult result;
  Ceilings ceilings = settings.ceilings;
  Borrowed borrowed;
  double done = 0;
  const double begin = settings.now();
  const auto has_time = [&] { return settings.now() - begin <= done; };
  for (const PlannedPoint& planned : plan.points) {
    if ((result.stopped = settings.stop())) break;
    if (borrowed.take(planned.family)) ceilings = newest(ceilings, ceilings_of(result.samples));
    settings.progress(done, plan.seconds, planned.point);
    done += planned.seconds;
    Sample sample;
    const auto run = [&] { return measure(planned, plan.effort, watch, has_time); };
    if (const std::string reason = attempt(run, settings.most_wrong, sample); !reason.empty()) {
      result.failures.push_back({planned.point, reason});
      continue;
    }
    sample.ceiling_share = share_of(ceilings, sample);
    if (log) log->append(sample);
    result.samples.push_back(std::move(sample));
  }
  return result;
}

Ceilings ceilings_of(const std::vector<Sample>& samples) {
  Ceilings ceilings;
  for (const Sample& s : samples) {
    if (s.point.family != "ceiling" || s.seconds <= 0) continue;
    if (s.point.kernel == "product")
      ceilings.flops_per_second = std::max(ceilings.flops_per_second, s.flops / s.seconds);
    if (s.point.kernel == "copy") ceilings.bytes_per_second = std::max(ceilings.bytes_per_second, s.bytes / s.seconds);
  }
  return ceilings;
}

}  // namespace tiersim::calib
