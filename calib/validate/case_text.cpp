#include "calib/validate/case_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/report/csv.hpp"
#include "sim/report/human.hpp"

namespace tiersim::calib {
namespace {

std::string percent(double share) { return fmt::format("{:.1f}%", 100 * share); }
std::string signed_percent(double share) { return fmt::format("{:+.1f}%", 100 * share); }
std::string seconds(double s) { return human::duration(s); }

std::string verdict(const CaseRow& row) {
  if (row.most <= 0) return "for information";
  return fmt::format("{:>6}  {}", percent(row.most), row.holds() ? "holds" : "missed");
}

std::string pooled_line(const std::string& what, const ErrorRow& e, const std::string& end) {
  return fmt::format("  {:<34}{:>8} {:>7} {:>7} {:>7} {:>7} {:>8}  {}", what, human::grouped(e.points), percent(e.mape),
                     percent(e.median), percent(e.p90), signed_percent(e.bias), percent(e.worst), end);
}

bool pools(const CaseRow& row) { return row.statistic == "MAPE" || row.statistic == "median"; }

std::string pooled_text(const CaseReport& report, bool by_regime) {
  std::string out;
  const std::vector<ErrorRow> regimes = by_regime ? errors_by_regime(report) : std::vector<ErrorRow>{};
  for (const CaseRow& row : report.rows) {
    if (!pools(row)) continue;
    out += pooled_line(row.what, row.pooled, verdict(row) + (row.statistic == "MAPE" ? "" : " (median)")) + "\n";
    for (const ErrorRow& e : regimes) {
      if (e.family == row.what) out += pooled_line("  by " + e.variant, e, "") + "\n";
    }
  }
  if (out.empty()) return out;
  return fmt::format("  {:<34}{:>8} {:>7} {:>7} {:>7} {:>7} {:>8}  {:>6}\n", "", "points", "MAPE", "median", "P90",
                     "bias", "worst", "at most") +
         out;
}

std::string figures_text(const CaseReport& report) {
  std::string out;
  for (const CaseRow& row : report.rows) {
    if (pools(row)) continue;
    out += fmt::format("  {:<12}{:<28}{:>11} {:>11} {:>8}  {}\n", row.what, row.statistic, seconds(row.measured),
                       seconds(row.predicted), signed_percent(row.error), verdict(row));
  }
  if (out.empty()) return out;
  return fmt::format("  {:<40}{:>11} {:>11} {:>8}  {:>6}\n", "", "measured", "predicted", "error", "at most") + out;
}

/// Spaces at the ends of lines serve nobody.
std::string trimmed(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '\n') out.erase(out.find_last_not_of(' ') + 1);
    out += c;
  }
  return out;
}

std::vector<PlotPoint> thinned(const std::vector<PlotPoint>& points) {
  constexpr std::size_t kMost = 500;
  const std::size_t step = points.size() / kMost + 1;
  std::vector<PlotPoint> out;
  for (std::size_t i = 0; i < points.size(); i += step) out.push_back(points[i]);
  return out;
}

}  // namespace

std::string case_text(const CaseReport& report, bool by_regime) {
  std::string out = report.name + "\n";
  for (const std::string& line : report.question) out += "  " + line + "\n";
  if (!report.skipped.empty()) return out + "  skipped: " + report.skipped + "\n";
  out += "  " + report.against + "\n";
  return trimmed(out + pooled_text(report, by_regime) + figures_text(report));
}

std::string summary_text(const std::vector<CaseReport>& reports) {
  std::int64_t rows = 0, held = 0, skipped = 0;
  for (const CaseReport& report : reports) {
    skipped += !report.skipped.empty();
    for (const CaseRow& row : report.rows) rows += row.most > 0, held += row.most > 0 && row.holds();
  }
  std::string out = fmt::format("{} of {} rows hold", held, rows);
  if (skipped > 0) out += fmt::format("; {} skipped", human::counted(skipped, "case"));
  return out + "\n";
}

std::string cases_csv(const std::vector<CaseReport>& reports) {
  std::string out = "case,row,regime,what,measured_s,predicted_s,error,extrapolated\n";
  for (const CaseReport& report : reports) {
    for (const ComparedPoint& p : report.points)
      out += fmt::format("{},{},{},{},{},{},{:.6g},{}\n", csv_quoted(report.name), csv_quoted(p.row),
                         csv_quoted(p.regime), csv_quoted(p.what), p.measured, p.predicted,
                         p.predicted / p.measured - 1, p.extrapolated ? 1 : 0);
  }
  return out;
}

LogPlot cases_plot(const std::vector<CaseReport>& reports) {
  std::map<std::string, std::vector<PlotPoint>> series;
  double low = INFINITY, high = 0;
  for (const CaseReport& report : reports) {
    for (const ComparedPoint& p : report.points) {
      series[reports.size() == 1 ? p.row : report.name].push_back({p.measured, p.predicted, p.what, false});
      low = std::min({low, p.measured, p.predicted}), high = std::max({high, p.measured, p.predicted});
    }
  }
  LogPlot plot{.title = reports.size() == 1 ? reports[0].name : "measured against predicted",
               .x_title = "measured (s)",
               .y_title = "predicted (s)",
               .series = {},
               .lines = {}};
  for (const auto& [name, points] : series) plot.series.push_back({name, thinned(points)});
  if (high > 0) plot.lines.push_back({"equal", {{low, low, {}}, {high, high, {}}}});
  return plot;
}

}  // namespace tiersim::calib
