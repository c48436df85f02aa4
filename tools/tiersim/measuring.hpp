#pragma once
/// What calibrate and validate have in common: the device, the time, the families, and the host's microkernels.
///
/// declare() the options, then device() and bench(). Errors: BadInput for a device, family or folder that is not there.
#include <memory>
#include <string>
#include <vector>

#include "calib/fit/machine_text.hpp"
#include "calib/measure/session.hpp"
#include "tools/tiersim/interrupt.hpp"
#include "tools/tiersim/options.hpp"

namespace tiersim::cli {

struct Device {
  bool gpu = false;
  int number = 0;
};

struct MeasuringRequest {
  std::string command, device_text = "host", folder;
  std::vector<std::string> families;  ///< by name; empty: all
  Duration budget;
  bool dry_run = false;

  void declare(Options& options);
  [[nodiscard]] Device device() const;
  [[nodiscard]] double budget_seconds() const { return 1e-9 * static_cast<double>(budget.value()); }
  /// Commas in `families` taken apart. Call once after parsing.
  void split_families();
};

/// This machine's microkernels.
class HostBench {
 public:
  /// `folder` is where the drive's test file goes unless the request names one.
  HostBench(const MeasuringRequest& request, const std::string& folder);

  [[nodiscard]] const calib::Families& families() const { return families_; }
  [[nodiscard]] calib::Fingerprint fingerprint() const;
  /// Runs a plan with a progress line that begins with `label`. An interrupt ends it early, and so does a machine that
  /// is so busy that the plan takes half as long again as estimated.
  [[nodiscard]] calib::SessionResult run(const calib::Plan& plan, calib::SessionSettings settings,
                                         const Interrupt& interrupt, const std::string& label = {}) const;
  /// The two ceilings as they are now, in a second or two; zeros where they cannot be measured.
  [[nodiscard]] calib::Ceilings ceilings() const;

 private:
  std::string folder_;
  calib::Families families_;
};

/// samples.csv of the user's. Throws BadInput if it is not there or not one.
[[nodiscard]] std::vector<calib::Sample> read_samples(const std::string& command, const std::string& path);

/// A line a family: points, time, what the budget leaves out.
[[nodiscard]] std::string plan_text(const calib::Plan& plan, const calib::Families& families, double budget);
/// Failures by family and reason; empty where there is none.
[[nodiscard]] std::string failures_text(const std::vector<calib::Failure>& failures);

}  // namespace tiersim::cli
