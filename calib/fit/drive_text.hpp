#pragma once
/// A measured drive as an entry of a machine's storage: its caps from the laws of family ssd, the queue from its
/// samples.
///
/// The law of reads gives latency and single_stream (one I/O at a time), read_iops, read and ridge; that of writes
/// write_iops and write. queue_depth is the least number of I/Os in flight with which reads of 256 KiB (or the nearest
/// block that was measured) reach 95% of the best. Caps that the data did not show are left out.
#include <string>

#include "calib/fit/fitted_series.hpp"

namespace tiersim::calib {

/// Empty where reads were not measured. `capacity` in bytes.
[[nodiscard]] std::string drive_text(const FittedSeriesList& series, double capacity);

/// 0 for no samples.
[[nodiscard]] std::int64_t queue_depth_of(const Split& reads);

}  // namespace tiersim::calib
