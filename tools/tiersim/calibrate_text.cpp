#include "tools/tiersim/calibrate_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/report/human.hpp"

namespace tiersim::cli {
namespace {

using calib::ErrorRow;

std::string percent(double share) { return fmt::format("{:.1f}%", 100 * share); }

std::string cells(const ErrorRow& row) {
  if (row.points == 0) return fmt::format("{:>8}{:>9}{:>9}", "-", "-", "-");
  return fmt::format("{:>8}{:>9}{:>9}", row.points, percent(row.mape), percent(row.worst));
}

ErrorRow find(const std::vector<ErrorRow>& rows, const std::string& family, const std::string& set) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const ErrorRow& r) { return r.family == family && r.set == set; });
  return found == rows.end() ? ErrorRow{} : *found;
}

}  // namespace

std::string ceilings_text(const calib::Ceilings& ceilings) {
  std::string text;
  if (ceilings.flops_per_second > 0)
    text += fmt::format("  {} GFLOP/s in a large product\n", human::number(ceilings.flops_per_second * 1e-9));
  if (ceilings.bytes_per_second > 0)
    text += fmt::format("  {}/s in a large copy, read and written\n", human::bytes(ceilings.bytes_per_second));
  return text.empty() ? text : "ceilings\n" + text + "\n";
}

std::string series_text(const std::vector<ErrorRow>& rows) {
  std::string text =
      fmt::format("  {:<54}{:>9}{:>8}{:>8}{:>8}{:>8}{:>9}\n", "", "points", "MAPE", "median", "P90", "bias", "worst");
  for (const ErrorRow& row : rows) {
    if (row.points == 0) continue;
    const std::string series = row.kernel.empty() ? row.family : row.family + "/" + row.kernel + "/" + row.variant;
    text +=
        fmt::format("  {:<44}{:<10}{:>9}{:>8}{:>8}{:>8}{:>8}{:>9}\n", series, row.set, row.points, percent(row.mape),
                    percent(row.median), percent(row.p90), fmt::format("{:+.1f}%", 100 * row.bias), percent(row.worst));
  }
  return text;
}

std::string drift_text(const calib::MeasuredCeilings& then, const std::vector<calib::Ceilings>& now) {
  double product = 0, copy = 0;
  for (const calib::Ceilings& c : now) product += c.flops_per_second, copy += c.bytes_per_second;
  const auto count = static_cast<double>(now.size());
  if (then.product.value() <= 0 || then.copy.value() <= 0 || product <= 0 || copy <= 0) return {};
  const auto change = [&](double sum, double before) { return 100 * (sum / count / before - 1); };
  return fmt::format(
      "  the machine now, against the day of its profile: products at {} GFLOP/s ({:+.0f}%), copies at {}/s "
      "({:+.0f}%)\n",
      human::number(product / count * 1e-9), change(product, then.product.value()), human::bytes(copy / count),
      change(copy, then.copy.value()));
}

std::string errors_text(const std::vector<ErrorRow>& by_family) {
  std::string text = fmt::format("  {:<14}{:>26}{:>26}\n  {:<14}", "", "points fitted to", "points held out", "family");
  for (int set = 0; set < 2; ++set) text += fmt::format("{:>8}{:>9}{:>9}", "points", "MAPE", "worst");
  text += '\n';
  std::vector<std::string> families;
  for (const ErrorRow& row : by_family)
    if (std::find(families.begin(), families.end(), row.family) == families.end()) families.push_back(row.family);
  for (const std::string& family : families)
    text += fmt::format("  {:<14}{}{}\n", family, cells(find(by_family, family, "train")),
                        cells(find(by_family, family, "held-out")));
  return text;
}

std::string throttled_text(const std::vector<calib::Sample>& samples) {
  const auto throttled = std::count_if(samples.begin(), samples.end(), [](const auto& s) { return s.throttled; });
  if (throttled == 0) return {};
  return fmt::format(
      "! {} of {} left out: the machine was busy with other things or slowed down meanwhile;\n"
      "  the command that measured them measures them again\n\n",
      throttled, human::counted(std::ssize(samples), "sample"));
}

}  // namespace tiersim::cli
