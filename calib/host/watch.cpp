// What else happened on the machine while a kernel was measured: time stolen by a hypervisor or a quota, programs of
// others, thermal throttling; and the clock and temperature afterwards. Read from Linux, never set.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <unistd.h>

#include "calib/host/affinity.hpp"
#include "calib/host/families.hpp"
#include "calib/host/processor_times.hpp"
#include "calib/host/system.hpp"

namespace tiersim::calib {
namespace {

const std::string kProcessor = "/sys/devices/system/cpu/cpu0/";

double own_seconds() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

double clock_mhz() {
  const std::int64_t khz = number_in(first_line_of(kProcessor + "cpufreq/scaling_cur_freq"));
  if (khz > 0) return static_cast<double>(khz) / 1e3;
  return std::strtod(value_in("/proc/cpuinfo", "cpu MHz").c_str(), nullptr);
}

/// The warmest zone; 0 where there is none.
double celsius() {
  constexpr int kZones = 16;
  std::int64_t warmest = 0;
  for (int zone = 0; zone < kZones; ++zone) {
    const std::string file = "/sys/class/thermal/thermal_zone" + std::to_string(zone) + "/temp";
    warmest = std::max(warmest, number_in(first_line_of(file)));
  }
  return static_cast<double>(warmest) / 1e3;
}

struct Reading {
  std::chrono::steady_clock::time_point at;
  ProcessorTimes all;
  double ours = 0;
  std::int64_t over_quota = 0;  // us that the control group's quota took away
  std::int64_t throttles = 0;   // by temperature
};

class HostWatch final : public MachineWatch {
 public:
  void begin() override { before_ = read(); }

  MachineState end() override {
    const Reading after = read();
    ProcessorUse use{.elapsed = std::chrono::duration<double>(after.at - before_.at).count(),
                     .processors = static_cast<int>(processors_.size()),
                     .all = {},
                     .ours = after.ours - before_.ours,
                     .tick = 1 / ticks_};
    use.all.busy = after.all.busy - before_.all.busy;
    use.all.steal =
        after.all.steal - before_.all.steal + 1e-6 * static_cast<double>(after.over_quota - before_.over_quota);
    return {clock_mhz(), celsius(), is_disturbed(use) || after.throttles > before_.throttles};
  }

 private:
  Reading read() const {
    std::ifstream stat("/proc/stat");
    return {std::chrono::steady_clock::now(), read_processor_times(stat, processors_, ticks_), own_seconds(),
            number_in(value_in("/sys/fs/cgroup/cpu.stat", "throttled_usec")),
            number_in(first_line_of(kProcessor + "thermal_throttle/package_throttle_count"))};
  }

  std::vector<int> processors_ = allowed_processors();
  double ticks_ = static_cast<double>(sysconf(_SC_CLK_TCK));
  Reading before_;
};

}  // namespace

std::unique_ptr<MachineWatch> host_watch() { return std::make_unique<HostWatch>(); }

}  // namespace tiersim::calib
