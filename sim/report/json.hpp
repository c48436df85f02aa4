#pragma once
/// summary.json: everything that a run says, for programs; and run_info.json: what it took, on this machine, this time.
///
/// The summary holds the scenario's identity, the memory map, the tiers, the verdicts, and every metric as
/// {"value": ..., "unit": ...} for the run and for each reference run; a value that does not apply is null. Keys come
/// in a fixed order and nothing depends on the wall clock: the same run gives the same bytes. `"finished": false` marks
/// the partial results of a run that was stopped.
#include <string>

#include "sim/report/report.hpp"

namespace tiersim {

[[nodiscard]] std::string summary_json(const Report& report);
[[nodiscard]] std::string run_info_json(const RunInfo& info);

}  // namespace tiersim
