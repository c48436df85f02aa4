#pragma once
/// What Linux tells about this machine in /proc and /sys: memory, processors, caches, NUMA nodes.
///
/// Called by the host's families, watch and fingerprint. Where a file is missing (containers, other kernels) the answer
/// says so: an empty text, no nodes, a stated default. Nothing here throws. Reads a few small files per call.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tiersim::calib {

/// The file's first line; empty if it cannot be read.
[[nodiscard]] std::string first_line_of(const std::string& path);
/// The rest of the first line that begins with `key`, without blanks, tabs and colons around it; empty if none does.
[[nodiscard]] std::string value_in(const std::string& path, std::string_view key);
/// The whole number that the text begins with; 0 if it begins with none.
[[nodiscard]] std::int64_t number_in(std::string_view text);

/// Bytes of memory in the machine, and what could be allocated now without swapping (control group included).
[[nodiscard]] std::int64_t total_memory();
[[nodiscard]] std::int64_t available_memory();

/// "0-3,8" -> 0 1 2 3 8
[[nodiscard]] std::vector<int> parse_processor_list(std::string_view text);

/// Of processor 0, the largest: what one thread can have in cache; 32 MiB where it is not told.
[[nodiscard]] std::int64_t largest_cache();
/// All last-level caches together: what all threads can have in cache.
[[nodiscard]] std::int64_t all_caches();

struct NumaNode {
  int number = 0;
  std::vector<int> processors;  ///< that this process may use
};
/// Those with processors of ours, ascending. `root` is /sys/devices/system/node.
[[nodiscard]] std::vector<NumaNode> numa_nodes(const std::string& root = "/sys/devices/system/node");

}  // namespace tiersim::calib
