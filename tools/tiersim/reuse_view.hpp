#pragma once
/// What `tiersim reuse` shows: intervals between uses, retention windows, break-even intervals; as text, CSV and chart.
///
/// One pass over the trace at construction, for the windows and for every break-even interval, so that what holding
/// pays for is counted and not interpolated. Text fits into 100 columns, but for the line that says what the trace is,
/// and ends in a newline.
#include <string>
#include <vector>

#include "sim/replay/reuse_intervals.hpp"
#include "sim/report/svg_plot.hpp"
#include "tools/tiersim/holding_request.hpp"

namespace tiersim::cli {

class ReuseView {
 public:
  /// `windows` ascending.
  ReuseView(const traces::Trace& trace, std::vector<Duration> windows, Holding holding);

  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string csv() const;
  [[nodiscard]] LogPlot plot(const std::string& title) const;

 private:
  [[nodiscard]] std::string interval_lines() const;
  [[nodiscard]] std::string window_table() const;
  [[nodiscard]] std::string place_table() const;
  [[nodiscard]] std::string break_even_table() const;
  [[nodiscard]] std::string cheapest_line() const;
  [[nodiscard]] std::string name_of(std::size_t place) const;
  /// Blocks, or their size where that is known.
  [[nodiscard]] std::string amount(double blocks) const;
  /// What these blocks take of a place on average.
  [[nodiscard]] std::string room_used(std::size_t place, const Retention& held) const;
  [[nodiscard]] const Retention& held_for(std::size_t break_even) const {
    return reuse_.retention[windows_.size() + break_even];
  }

  traces::Trace trace_;
  std::vector<Duration> windows_;
  Holding holding_;
  std::vector<BreakEven> break_evens_;
  ReuseIntervals reuse_;  // retention: windows, then break-even intervals
};

}  // namespace tiersim::cli
