#include "calib/validate/validation.hpp"

#include <algorithm>
#include <cmath>

#include "calib/fit/errors.hpp"
#include "calib/fit/observation.hpp"
#include "calib/measure/timing.hpp"

namespace tiersim::calib {
namespace {

const Law* law_of(const Profile& profile, const Point& point) {
  const auto found = std::find_if(profile.laws.begin(), profile.laws.end(), [&](const Law& law) {
    return law.family == point.family && law.kernel == point.kernel && law.variant == point.variant;
  });
  return found == profile.laws.end() ? nullptr : &*found;
}

/// The samples of one point.
using Measurements = std::vector<const Sample*>;

/// Point by point, in the order of their first samples.
std::vector<Measurements> by_point(const std::vector<const Sample*>& samples) {
  std::vector<Measurements> all;
  std::map<std::string, std::size_t> at;
  for (const Sample* s : samples) {
    const auto [found, is_new] = at.try_emplace(s->point.key(), all.size());
    if (is_new) all.emplace_back();
    all[found->second].push_back(s);
  }
  return all;
}

CheckedPoint check(const Law& law, const Measurements& samples) {
  CheckedPoint checked;
  checked.point = samples[0]->point;
  checked.predicted = law.time(work_of(*samples[0])).value();
  double least = samples[0]->seconds, most = least;
  for (const Sample* s : samples) {
    checked.measured += s->seconds / static_cast<double>(samples.size());
    least = std::min(least, s->seconds);
    most = std::max(most, s->seconds);
  }
  if (samples.size() > 1) checked.again = (most - least) / checked.measured;
  return checked;
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return quantile_of(values, 0.5);
}

FamilyCheck judge(const std::string& family, Machine machine, const std::vector<CheckedPoint>& points) {
  FamilyCheck out;
  std::vector<Prediction> predictions;
  std::vector<double> again;
  double worst = -1;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const CheckedPoint& p = points[i];
    if (p.point.family != family) continue;
    predictions.push_back({family, "", "", "fresh", p.predicted, p.measured});
    if (p.again >= 0) again.push_back(p.again);
    if (std::abs(p.error()) > worst) worst = std::abs(p.error()), out.worst = i;
  }
  out.errors = error_row(predictions);
  out.errors.family = family;
  out.tolerance = tolerance_of(machine, family);
  if (!again.empty()) out.spread = median_of(std::move(again));
  return out;
}

}  // namespace

double FamilyCheck::allowed() const { return std::max(tolerance, 2 * spread); }

bool Validation::holds() const {
  return std::all_of(families.begin(), families.end(), [](const FamilyCheck& f) { return f.holds(); });
}

Validation validate(const Profile& profile, const std::vector<Sample>& samples, Machine machine) {
  Validation out;
  std::vector<std::string> families;
  std::vector<const Sample*> usable;
  for (const Sample& s : samples) {
    if (std::find(families.begin(), families.end(), s.point.family) == families.end())
      families.push_back(s.point.family);
    if (s.throttled)
      ++out.throttled;
    else
      usable.push_back(&s);
  }
  for (const Measurements& m : by_point(usable)) {
    const Law* law = law_of(profile, m[0]->point);
    if (law != nullptr)
      out.points.push_back(check(*law, m));
    else
      ++out.uncovered[m[0]->point.series()];
  }
  for (const std::string& family : families)
    if (covers(profile, family)) out.families.push_back(judge(family, machine, out.points));
  return out;
}

bool covers(const Profile& profile, const std::string& family) {
  return std::any_of(profile.laws.begin(), profile.laws.end(), [&](const Law& law) { return law.family == family; });
}

}  // namespace tiersim::calib
