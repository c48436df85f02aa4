#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "sim/report/human.hpp"
#include "tools/tiersim/measuring.hpp"

namespace tiersim::cli {
namespace {

using calib::Plan;
using calib::PlannedPoint;

/// A family's part of a plan.
struct Part {
  std::vector<std::string> kernels;
  std::int64_t points = 0;
  double seconds = 0;
};

std::string line_of(std::string_view name, const Part& part) {
  const std::string figures = fmt::format("  {:<12} {:>6} {:>9}", name, part.points, human::long_time(part.seconds));
  return figures + (part.kernels.empty() ? "" : fmt::format("   {}", fmt::join(part.kernels, ", "))) + "\n";
}

Part part_of(const Plan& plan, const calib::Family* family) {
  Part part;
  for (const PlannedPoint& p : plan.points) {
    if (p.family != family) continue;
    ++part.points;
    part.seconds += p.seconds;
    if (std::find(part.kernels.begin(), part.kernels.end(), p.point.kernel) == part.kernels.end())
      part.kernels.push_back(p.point.kernel);
  }
  std::sort(part.kernels.begin(), part.kernels.end());
  return part;
}

}  // namespace

std::string plan_text(const Plan& plan, const calib::Families& families, double budget) {
  std::string text = fmt::format("  {:<12} {:>6} {:>9}   {}\n", "family", "points", "at most", "kernels");
  for (const auto& family : families)
    if (const Part part = part_of(plan, family.get()); part.points > 0) text += line_of(family->name(), part);
  text += line_of("all", {{}, static_cast<std::int64_t>(plan.points.size()), plan.seconds});
  text += fmt::format("\n  up to {} a point, set-up apart\n", human::duration(plan.effort.most_seconds));
  if (plan.done_before > 0)
    text += fmt::format("  {} measured before\n", human::counted(static_cast<std::int64_t>(plan.done_before), "point"));
  if (plan.left_out > 0)
    text += fmt::format("  {} left out to keep to {}\n",
                        human::counted(static_cast<std::int64_t>(plan.left_out), "point"), human::long_time(budget));
  if (plan.seconds > budget)
    text += fmt::format("  more than {}: fewer points than these say too little; --family chooses fewer kernels\n",
                        human::long_time(budget));
  return text;
}

std::string failures_text(const std::vector<calib::Failure>& failures) {
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> by_reason;
  for (const calib::Failure& f : failures) by_reason[{f.point.family, f.reason}].push_back(f.point.key());
  std::string text;
  for (const auto& [what, keys] : by_reason)
    text += fmt::format("  {}: {}, as {}: {}\n", what.first,
                        human::counted(static_cast<std::int64_t>(keys.size()), "point"), keys[0], what.second);
  return text;
}

}  // namespace tiersim::cli
