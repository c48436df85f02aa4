#pragma once
/// Which machine was measured: the file beside the samples, for the fit and for readers.
///
/// machine_json() writes {"fingerprint": {name: text}, "ceilings": {...}, "failures": [{"point", "reason"}]}. The
/// fingerprint's entries are those of profiles, in the order in which they are printed; the fit reads device, kind,
/// processors, memory_bytes, cache_bytes and host_memory_bytes (calib/fit/machine_text.hpp). The GPU's UUID is told as
/// a hash. No CUDA; the standard library only.
#include <string>
#include <utility>
#include <vector>

#include "calib/cuda/device.hpp"
#include "calib/measure/sample.hpp"

namespace tiersim::calib {

/// What the driver's management library says; empty or 0 where it does not.
struct ManagementFacts {
  std::string driver;  ///< "580.159.03"
  int pcie_generation = 0, pcie_width = 0;
  double power_limit_watts = 0;
};

using Facts = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] Facts fingerprint_of(const DeviceInfo& device, const ManagementFacts& management);

/// A point that could not be measured: its key and why.
using FailureNotes = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] std::string machine_json(const Facts& fingerprint, const Ceilings& ceilings,
                                       const FailureNotes& failures);

/// Failures are kept in a file with one "key<tab>reason" a line, so that a run that goes on leaves them out.
[[nodiscard]] FailureNotes read_failures(const std::string& path);
void write_file(const std::string& path, const std::string& text);  ///< throws std::runtime_error
[[nodiscard]] std::string failures_text(const FailureNotes& failures);

/// "2026-01-31T12:00:00Z"
[[nodiscard]] std::string utc_now();

}  // namespace tiersim::calib
