#include "calib/host/system.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <set>

#include "calib/host/affinity.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kUsualCache = 32LL << 20;

struct Cache {
  std::int64_t level = 0, bytes = 0;
  std::string shared_by;  // list of processors
};

/// Of one processor, the data and unified caches' last level.
Cache last_cache_of(int processor) {
  Cache last;
  for (int i = 0; i < 8; ++i) {
    const std::string folder =
        "/sys/devices/system/cpu/cpu" + std::to_string(processor) + "/cache/index" + std::to_string(i) + "/";
    const std::int64_t level = number_in(first_line_of(folder + "level"));
    if (level <= last.level || first_line_of(folder + "type") == "Instruction") continue;
    last = {level, number_in(first_line_of(folder + "size")) * 1024, first_line_of(folder + "shared_cpu_list")};
  }
  return last;
}

std::int64_t kib_of(std::string_view key) { return number_in(value_in("/proc/meminfo", key)) * 1024; }

}  // namespace

std::string first_line_of(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

std::string value_in(const std::string& path, std::string_view key) {
  constexpr std::string_view kAround = " \t:";
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key) || line.size() == key.size() || kAround.find(line[key.size()]) == kAround.npos) continue;
    const std::size_t begin = line.find_first_not_of(kAround, key.size());
    if (begin == std::string::npos) return {};
    return line.substr(begin, line.find_last_not_of(kAround) + 1 - begin);
  }
  return {};
}

std::int64_t number_in(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::int64_t total_memory() { return kib_of("MemTotal"); }

std::int64_t available_memory() {
  const std::int64_t available = kib_of("MemAvailable");
  const std::int64_t limit = number_in(first_line_of("/sys/fs/cgroup/memory.max"));  // "max": none
  const auto or_unknown = [](std::int64_t bytes) {
    return bytes > 0 ? bytes : std::numeric_limits<std::int64_t>::max();
  };
  return std::min(or_unknown(available), or_unknown(limit));
}

std::vector<int> parse_processor_list(std::string_view text) {
  std::vector<int> out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, comma);
    const std::size_t dash = item.find('-');
    const auto first = static_cast<int>(number_in(item));
    const auto last = dash == item.npos ? first : static_cast<int>(number_in(item.substr(dash + 1)));
    for (int i = first; i <= last && !item.empty(); ++i) out.push_back(i);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

std::int64_t largest_cache() {
  const std::int64_t bytes = last_cache_of(0).bytes;
  return bytes > 0 ? bytes : kUsualCache;
}

std::int64_t all_caches() {
  std::set<std::string> seen;
  std::int64_t bytes = 0;
  for (const int processor : allowed_processors()) {
    const Cache cache = last_cache_of(processor);
    if (seen.insert(cache.shared_by).second) bytes += cache.bytes;
  }
  return bytes > 0 ? bytes : kUsualCache;
}

std::vector<NumaNode> numa_nodes(const std::string& root) {
  const std::vector<int> ours = allowed_processors();
  std::vector<NumaNode> nodes;
  for (const int number : parse_processor_list(first_line_of(root + "/online"))) {
    const std::string list = first_line_of(root + "/node" + std::to_string(number) + "/cpulist");
    NumaNode node{number, {}};
    for (const int processor : parse_processor_list(list)) {
      if (std::binary_search(ours.begin(), ours.end(), processor)) node.processors.push_back(processor);
    }
    if (!node.processors.empty()) nodes.push_back(std::move(node));
  }
  return nodes;
}

}  // namespace tiersim::calib
