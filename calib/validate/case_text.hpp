#pragma once
/// Cases as people read them: a table each, a line a point as CSV, and measured against predicted as a chart.
///
/// At most 100 columns. Rows that pool points show their errors without sign (and the bias with it); rows of means and
/// percentiles show both values. "missed" stands where a row is beyond what it may be. The chart has a series for each
/// row (of one case) or case (of several), of at most 500 points each, spread evenly over them. Pure functions.
#include <string>
#include <vector>

#include "calib/validate/case.hpp"
#include "sim/report/svg_plot.hpp"

namespace tiersim::calib {

/// `by_regime`: a line for each regime below the row that it is part of.
[[nodiscard]] std::string case_text(const CaseReport& report, bool by_regime);
/// One line for all: how many rows hold, what was skipped.
[[nodiscard]] std::string summary_text(const std::vector<CaseReport>& reports);
[[nodiscard]] std::string cases_csv(const std::vector<CaseReport>& reports);
[[nodiscard]] LogPlot cases_plot(const std::vector<CaseReport>& reports);

}  // namespace tiersim::calib
