#include "calib/validate/validation_text.hpp"

#include <fmt/format.h>

#include "sim/report/human.hpp"
#include "sim/report/number_text.hpp"

namespace tiersim::calib {
namespace {

std::string percent(double share) { return fmt::format("{:.1f}%", 100 * share); }
std::string signed_percent(double share) { return fmt::format("{:+.1f}%", 100 * share); }

std::string verdict_of(const FamilyCheck& f) {
  if (f.errors.points == 0) return "not judged: every measurement was disturbed";
  return f.holds() ? "holds" : "MISSED";
}

std::string family_line(const FamilyCheck& f) {
  const std::string again = f.spread < 0 ? "-" : percent(f.spread);
  const std::string allowed =
      f.allowed() > f.tolerance ? percent(f.tolerance) + ", by spread " + percent(f.allowed()) : percent(f.tolerance);
  return fmt::format("  {:<12} {:>6} {:>7} {:>7} {:>8} {:>8}   {:<24} {}\n", f.errors.family, f.errors.points,
                     percent(f.errors.mape), percent(f.errors.median), signed_percent(f.errors.bias), again, allowed,
                     verdict_of(f));
}

std::string worst_line(const CheckedPoint& p) {
  return fmt::format("  {}: measured {}, predicted {} ({})\n", p.point.key(), human::duration(p.measured),
                     human::duration(p.predicted), signed_percent(p.error()));
}

}  // namespace

std::string validation_text(const Validation& validation) {
  std::string text = fmt::format("  {:<12} {:>6} {:>7} {:>7} {:>8} {:>8}   {:<24} {}\n", "family", "points", "MAPE",
                                 "median", "bias", "again", "median may be", "verdict");
  for (const FamilyCheck& f : validation.families) text += family_line(f);
  text += "\n  again: how far two measurements of a point lie apart, median; twice that is allowed where it is more\n";
  if (!validation.points.empty()) text += "\nworst points\n";
  for (const FamilyCheck& f : validation.families)
    if (f.errors.points > 0) text += worst_line(validation.points[f.worst]);
  if (validation.throttled > 0)
    text += fmt::format("\n{} left out: the machine was slowed down meanwhile\n",
                        human::counted(validation.throttled, "measurement"));
  if (!validation.uncovered.empty()) text += "\nnot covered: the profile has no law\n";
  for (const auto& [series, points] : validation.uncovered)
    text += fmt::format("  {}: {}\n", series, human::counted(points, "point"));
  return text;
}

std::string validation_csv(const Validation& validation) {
  std::string csv = "family,kernel,variant,parameters,measured,predicted,error,again\n";
  for (const CheckedPoint& p : validation.points) {
    csv += p.point.family + "," + p.point.kernel + "," + p.point.variant + "," + p.point.sizes_text();
    for (const double value : {p.measured, p.predicted, p.error()}) append_number(value, csv += ',');
    csv += ',';
    if (p.again >= 0) append_number(p.again, csv);
    csv += '\n';
  }
  return csv;
}

}  // namespace tiersim::calib
