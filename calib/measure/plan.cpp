#include "calib/measure/plan.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>
#include <utility>

namespace tiersim::calib {
namespace {

constexpr double kLeastEffort = 0.2;  // of the full time per point
constexpr int kHalvings = 40;         // of an interval, until its ends no longer differ

struct Candidate {
  Family* family = nullptr;
  Point point;
  Family::Estimate estimate;
  /// As long as the effort allows (a noisy machine needs it all), or a warm-up and five batches.
  [[nodiscard]] double seconds(double effort_share) const {
    return estimate.set_up + std::max(effort_share * Effort{}.most_seconds, 6 * estimate.run);
  }
};

/// Points among which some may be left out, and how many must stay.
struct Group {
  std::vector<Candidate> candidates;
  std::size_t least = 1;

  [[nodiscard]] std::size_t kept(double share) const {
    const std::size_t all = candidates.size();
    const auto wanted = static_cast<std::size_t>(std::floor(share * static_cast<double>(all)));
    return std::clamp(wanted, std::min(least, all), all);
  }
  /// The i-th of `count` that are kept, evenly spread, both ends among them where there are two.
  [[nodiscard]] const Candidate& at(std::size_t i, std::size_t count) const {
    return candidates[count < 2 ? candidates.size() / 2
                                : (i * (candidates.size() - 1) + (count - 1) / 2) / (count - 1)];
  }
};

using Groups = std::vector<Group>;

double seconds_of(const Groups& groups, double share, double effort_share) {
  double sum = 0;
  for (const Group& g : groups) {
    const std::size_t count = g.kept(share);
    for (std::size_t i = 0; i < count; ++i) sum += g.at(i, count).seconds(effort_share);
  }
  return sum;
}

/// The largest x in [low, 1] for which seconds(x), which rises, is within the budget; `low` if none is.
template <class Seconds>
double largest_within(double budget, double low, const Seconds& seconds) {
  if (seconds(1.0) <= budget) return 1;
  double high = 1;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = 0.5 * (low + high);
    (seconds(middle) <= budget ? low : high) = middle;
  }
  return low;
}

std::vector<Family*> chosen(const Families& families, const std::vector<std::string>& names) {
  std::string known;
  for (const auto& f : families) known += (known.empty() ? "" : ", ") + std::string(f->name());
  for (const std::string& name : names) {
    if (std::none_of(families.begin(), families.end(), [&](const auto& f) { return f->name() == name; }))
      throw std::invalid_argument("unknown family '" + name + "'; families: " + known);
  }
  std::vector<Family*> found;
  for (const auto& f : families)
    if (names.empty() || std::find(names.begin(), names.end(), f->name()) != names.end()) found.push_back(f.get());
  return found;
}

/// What is done already counts in choosing, so that the same request chooses the same points whenever it is resumed.
Plan plan_of(const std::vector<Groups>& by_family, const PlanRequest& request) {
  Groups all;
  for (const Groups& groups : by_family) all.insert(all.end(), groups.begin(), groups.end());
  const double effort = largest_within(request.budget, kLeastEffort, [&](double x) { return seconds_of(all, 1, x); });
  const double share = largest_within(request.budget, 0, [&](double x) { return seconds_of(all, x, effort); });

  Plan plan;
  plan.effort.most_seconds *= effort;
  for (const Groups& groups : by_family) {
    for (const Group& g : groups) {
      std::set<std::string> kept;
      const std::size_t count = g.kept(share);
      for (std::size_t i = 0; i < count; ++i) {
        const Candidate& c = g.at(i, count);
        kept.insert(c.point.key());
        if (!request.done.contains(c.point.key())) plan.points.push_back({c.family, c.point, c.seconds(effort)});
      }
      for (const Candidate& c : g.candidates) {
        if (request.done.contains(c.point.key()))
          ++plan.done_before;
        else if (!kept.contains(c.point.key()))
          ++plan.left_out;
      }
    }
  }
  for (const PlannedPoint& p : plan.points) plan.seconds += p.seconds;
  return reordered(std::move(plan), request.seed);
}

}  // namespace

Plan make_plan(const Families& families, const PlanRequest& request) {
  std::vector<Groups> by_family;
  for (Family* family : chosen(families, request.families)) {
    Groups groups;
    std::map<std::string, std::size_t> group_of;
    for (Point& point : family->grid()) {
      const auto [at, is_new] = group_of.try_emplace(point.series(), groups.size());
      if (is_new) groups.push_back({{}, 2});
      const Family::Estimate estimate = family->estimate(point);
      groups[at->second].candidates.push_back({family, std::move(point), estimate});
    }
    by_family.push_back(std::move(groups));
  }
  return plan_of(by_family, request);
}

Plan make_fresh_plan(const Families& families, const PlanRequest& request, std::size_t per_family) {
  std::vector<Groups> by_family;
  for (Family* family : chosen(families, request.families)) {
    Rng rng = Rng(request.seed).fork("fresh").fork(family->name());
    Group group;
    for (Point& point : family->fresh(rng, per_family)) {
      const Family::Estimate estimate = family->estimate(point);
      group.candidates.push_back({family, std::move(point), estimate});
    }
    by_family.push_back({std::move(group)});
  }
  return plan_of(by_family, request);
}

Plan reordered(Plan plan, std::uint64_t seed) {
  for (std::size_t begin = 0, end = 0; begin < plan.points.size(); begin = end) {
    const Family* family = plan.points[begin].family;
    while (end < plan.points.size() && plan.points[end].family == family) ++end;
    Rng rng = Rng(seed).fork(family->name());
    for (std::size_t i = end; i > begin + 1; --i)
      std::swap(plan.points[i - 1], plan.points[begin + rng.below(i - begin)]);
  }
  return plan;
}

}  // namespace tiersim::calib
