#pragma once
/// Which machine was measured, in words that a reader and a later run can compare.
///
/// Called by the command when a profile is written and before one is used. Keys in the order in which they are printed:
/// device (the processor's name), kind ("host"), processors, memory_bytes, cache_bytes (the largest that one processor
/// sees), drive_bytes (free on the folder's file system), drive (file system, device, model), numa_nodes, huge_pages
/// (transparent: always, madvise, never), virtualised (yes, no), kernel, compiler, tiersim (version), date (UTC). What
/// the system does not tell is "unknown". Nothing here throws.
#include <string>
#include <utility>
#include <vector>

namespace tiersim::calib {

/// `folder`: where the drive's test file goes.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> host_fingerprint(const std::string& folder);

}  // namespace tiersim::calib
