#pragma once
/// requests.csv: one row per request, in the order of their ids; and the metrics as CSV for `--format csv`.
///
/// Times are nanoseconds on the simulated clock; a cell is empty where something has not happened or does not apply.
/// Source columns: prompt tokens found in each tier, recomputed and new, at the first admission and at the last. Texts
/// with commas, quotes or line ends are quoted (RFC 4180). Deterministic; O(requests), digits by std::to_chars.
#include <string>

#include "sim/report/report.hpp"

namespace tiersim {

[[nodiscard]] std::string requests_csv(const RunResult& run);
/// metric,unit,run,<reference>,...: one row per metric of the run.
[[nodiscard]] std::string metrics_csv(const Report& report);
/// A cell of any text.
[[nodiscard]] std::string csv_quoted(const std::string& text);

}  // namespace tiersim
