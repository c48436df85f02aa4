#pragma once
/// Which machine samples are of: read from and written to JSON beside them.
///
/// fingerprint.json (the command's) and machine.json (the CUDA program's) both hold {"fingerprint": {key: text, ...}}
/// in the order in which it is printed. Errors of reading: std::runtime_error with file and reason.
#include <string>

#include "calib/fit/machine_text.hpp"

namespace tiersim::calib {

[[nodiscard]] std::string fingerprint_json(const Fingerprint& fingerprint);
[[nodiscard]] Fingerprint read_fingerprint(const std::string& path);
/// From fingerprint.json or machine.json in the folder; empty if there is neither.
[[nodiscard]] Fingerprint fingerprint_in(const std::string& folder);

/// The first of `keys` whose text differs, of those that both have; empty if none does.
[[nodiscard]] std::string first_difference(const Fingerprint& a, const Fingerprint& b,
                                           const std::vector<std::string>& keys);

}  // namespace tiersim::calib
