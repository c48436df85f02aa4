#pragma once
/// Runs a plan: point by point, each sample appended to a CSV file at once, so that an interrupt costs one point.
///
/// Called by the command and by the CUDA program. The watch says whether the machine was slowed down meanwhile (steal
/// time, clocks, throttle reasons); a throttled sample is measured once more, unless the session is behind its plan
/// already, and marked if that did not help. A point that throws is skipped and its reason kept; a wrong result (check
/// above `most_wrong`) counts as a failure too. Returns early once stop() holds. Errors of the file (disk full,
/// read-only) are std::runtime_error with path and reason.
#include <functional>
#include <string>
#include <vector>

#include "calib/measure/plan.hpp"

namespace tiersim::calib {

/// What the machine did during one measurement.
struct MachineState {
  double clock_mhz = 0, celsius = 0;
  bool throttled = false;
};

class MachineWatch {
 public:
  virtual ~MachineWatch() = default;
  virtual void begin() = 0;
  [[nodiscard]] virtual MachineState end() = 0;
};

struct SessionSettings {
  std::string csv_path;      ///< appended to; made with its header if absent; empty: samples are not written down
  Ceilings ceilings;         ///< for ceiling_share; zeros: unknown
  double most_wrong = 1e-2;  ///< relative error against the reference
  std::function<bool()> stop = [] { return false; };
  std::function<double()> now = steady_seconds;
  /// Before each point: how far the plan is, in estimated seconds, and what comes next.
  std::function<void(double done, double total, const Point& next)> progress = [](double, double, const Point&) {};
};

struct Failure {
  Point point;
  std::string reason;
};

struct SessionResult {
  std::vector<Sample> samples;  ///< of this run of the plan
  std::vector<Failure> failures;
  bool stopped = false;  ///< by stop()
};

[[nodiscard]] SessionResult run_session(const Plan& plan, MachineWatch& watch, const SessionSettings& settings);

/// The ceilings among samples of the family "ceiling" (kernels "copy" and "product"); zeros where there is none.
[[nodiscard]] Ceilings ceilings_of(const std::vector<Sample>& samples);

}  // namespace tiersim::calib
