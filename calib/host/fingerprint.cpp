#include "calib/host/fingerprint.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "calib/host/affinity.hpp"
#include "calib/host/system.hpp"

namespace tiersim::calib {
namespace {

namespace fs = std::filesystem;

std::string or_unknown(std::string text) { return text.empty() ? "unknown" : std::move(text); }

std::int64_t free_bytes(const std::string& folder) {
  struct statvfs state {};
  if (statvfs(folder.c_str(), &state) != 0) return 0;
  return static_cast<std::int64_t>(state.f_bavail) * static_cast<std::int64_t>(state.f_frsize);
}

struct Mount {
  std::string point, number, type, source;  // number: major:minor
};

/// A line of /proc/self/mountinfo: id parent major:minor root point options [tags...] - type source options
Mount parse_mount(const std::string& line) {
  Mount mount;
  std::istringstream in(line);
  std::string word;
  in >> word >> word >> mount.number >> word >> mount.point;
  while (in >> word && word != "-") continue;
  in >> mount.type >> mount.source;
  return mount;
}

bool holds(const Mount& mount, const std::string& path) {
  return mount.point == "/" || path == mount.point || path.starts_with(mount.point + "/");
}

/// The longest mount point above the path; of those mounted over each other the last.
Mount mount_of(const std::string& folder) {
  std::error_code ignored;
  const std::string path = fs::weakly_canonical(folder, ignored).string();
  std::ifstream in("/proc/self/mountinfo");
  Mount best;
  for (std::string line; std::getline(in, line);) {
    Mount mount = parse_mount(line);
    if (holds(mount, path) && mount.point.size() >= best.point.size()) best = std::move(mount);
  }
  return best;
}

/// The drive's own name, of a partition's that of its drive; empty if the system does not tell.
std::string model_of(const Mount& mount) {
  std::error_code ignored;
  const fs::path device = fs::canonical("/sys/dev/block/" + mount.number, ignored);
  for (const fs::path& folder : {device, device.parent_path()}) {
    std::string model = first_line_of((folder / "device/model").string());
    model.erase(model.find_last_not_of(' ') + 1);
    if (!device.empty() && !model.empty()) return model;
  }
  return {};
}

std::string drive_text(const std::string& folder) {
  const Mount mount = mount_of(folder);
  if (mount.type.empty()) return "unknown";
  const std::string model = model_of(mount);
  return mount.type + " on " + mount.source + (model.empty() ? "" : " (" + model + ")");
}

/// "always [madvise] never" -> "madvise"
std::string huge_pages_mode() {
  const std::string line = first_line_of("/sys/kernel/mm/transparent_hugepage/enabled");
  const std::size_t open = line.find('['), close = line.find(']');
  return open == line.npos || close == line.npos ? "unknown" : line.substr(open + 1, close - open - 1);
}

std::string is_virtualised() {
  const std::string flags = " " + value_in("/proc/cpuinfo", "flags") + " ";
  if (flags.size() == 2) return "unknown";
  return flags.find(" hypervisor ") != flags.npos ? "yes" : "no";
}

std::string today() {
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now())};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

std::string compiler() {
#ifdef __clang__
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace

std::vector<std::pair<std::string, std::string>> host_fingerprint(const std::string& folder) {
  const auto number = [](auto value) { return fmt::format("{}", value); };
  return {{"device", or_unknown(value_in("/proc/cpuinfo", "model name"))},
          {"kind", "host"},
          {"processors", number(allowed_processors().size())},
          {"memory_bytes", number(total_memory())},
          {"cache_bytes", number(largest_cache())},
          {"drive_bytes", number(free_bytes(folder))},
          {"drive", drive_text(folder)},
          {"numa_nodes", number(std::max<std::size_t>(1, numa_nodes().size()))},
          {"huge_pages", huge_pages_mode()},
          {"virtualised", is_virtualised()},
          {"kernel", or_unknown(first_line_of("/proc/sys/kernel/osrelease"))},
          {"compiler", compiler()},
          {"tiersim", TIERSIM_VERSION},
          {"date", today()}};
}

}  // namespace tiersim::calib
