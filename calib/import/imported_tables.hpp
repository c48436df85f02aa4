#pragma once
/// What an importer finds: kernels that others have timed, and whose they are.
#include <string>
#include <vector>

#include "calib/fit/machine_text.hpp"
#include "calib/measure/sample.hpp"

namespace tiersim::calib {

struct ImportedTables {
  std::vector<Sample> samples;
  Fingerprint fingerprint;  ///< kind, device, software, source with its licence
};

/// Formats by name, each with the project that it is of. Throws std::invalid_argument for another, naming these.
[[nodiscard]] ImportedTables read_tables(const std::string& format, const std::string& folder);
[[nodiscard]] std::vector<std::string> table_formats();

}  // namespace tiersim::calib
