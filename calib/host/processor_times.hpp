#pragma once
/// Who used the processors during a measurement: this process, others, or nobody, because they were taken away.
///
/// Called by the host's watch. Linux counts in ticks (USER_HZ, mostly 10 ms a tick), so that a single tick decides
/// nothing: shares count only beyond two ticks a processor.
#include <istream>
#include <vector>

namespace tiersim::calib {

struct ProcessorTimes {
  double busy = 0;   ///< s, summed over the processors, in programs and the kernel (interrupts left out)
  double steal = 0;  ///< s, taken away by the hypervisor
};

/// Of the given processors, from the text of /proc/stat; `ticks` a second. Zeros where they are not told.
[[nodiscard]] ProcessorTimes read_processor_times(std::istream& proc_stat, const std::vector<int>& processors,
                                                  double ticks);

/// What happened between two readings.
struct ProcessorUse {
  double elapsed = 0;  ///< s of wall time
  int processors = 0;
  ProcessorTimes all;  ///< grown by
  double ours = 0;     ///< s of processor time that this process used
  double tick = 0.01;  ///< s
};
/// More than 2% stolen, or more than 20% used by others.
[[nodiscard]] bool is_disturbed(const ProcessorUse& use);

}  // namespace tiersim::calib
