#pragma once
/// From raw samples and a fingerprint to a profile and a machine: the call that the command makes.
///
/// Samples that were throttled or wrong (check above 1e-2) are left out. Every series but ceilings and overlaps gets a
/// law (calib/fit/laws), fitted to its training points (calib/fit/fit_rules) and held against both sets. Overlaps are
/// medians of a kernel's time beside another over its time alone (parameter "alone"). The profile is what its own YAML
/// reads back to. The fingerprint must have device, kind ("host" or "cuda"), memory_bytes, cache_bytes and processors;
/// drive_bytes where the drive may be a tier; anything else is for people. Throws std::runtime_error where nothing can
/// be fitted or the fingerprint lacks something. Seconds.
#include <string>
#include <vector>

#include "calib/fit/fit_rules.hpp"
#include "calib/fit/machine_text.hpp"
#include "calib/measure/sample.hpp"
#include "calib/profile.hpp"

namespace tiersim::calib {

struct Calibration {
  Profile profile;
  std::string profile_yaml;
  std::string machine_yaml;         ///< empty where the ceilings were not measured
  std::vector<ErrorRow> by_family;  ///< the error table, pooled by family, train and held-out
};

/// With measuring_rules().
[[nodiscard]] Calibration calibrate(const std::string& name, const std::vector<Sample>& samples,
                                    const Fingerprint& fingerprint);
[[nodiscard]] Calibration calibrate(const std::string& name, const std::vector<Sample>& samples,
                                    const Fingerprint& fingerprint, const FitRules& rules);

}  // namespace tiersim::calib
