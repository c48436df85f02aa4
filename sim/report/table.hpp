#pragma once
/// The answer on one screen: what a person reads after `tiersim run`.
///
/// Plain text of at most 110 columns, ending in a newline. Latencies stand beside the same mean of each reference run;
/// without references those columns are left out. Every figure has its unit; a line that starts with "!" says what to
/// do next. Wall-clock figures come from `info` (null leaves them out); all else follows from the Report alone.
#include <string>

#include "sim/report/report.hpp"

namespace tiersim {

[[nodiscard]] std::string table_text(const Report& report, const RunInfo* info);

}  // namespace tiersim
