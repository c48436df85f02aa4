#include "calib/fit/laws.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "calib/fit/corrections.hpp"
#include "calib/fit/robust.hpp"
#include "calib/fit/segments.hpp"
#include "calib/fit/sides.hpp"
#include "calib/fit/table_fit.hpp"

namespace tiersim::calib {
namespace {

// Tables have many points a knot: what pulls is for knots that have none.
constexpr Pulls kTablePulls{.towards_one = 1e-4, .flat = 1e-3, .straight = 0.05};

SidesProblem problem_of(const Form& form, const Observations& points) {
  SidesProblem problem;
  if (form.fixed) problem.side_of.push_back(SidesProblem::kFixed);
  for (std::size_t s = 0; s < form.law.sides.size(); ++s) {
    problem.side_of.insert(problem.side_of.end(), form.law.sides[s].terms.size(), static_cast<int>(s));
  }
  for (const Observation& point : points) {
    problem.times.push_back(point.seconds);
    if (form.fixed) problem.features.push_back(1);
    for (const Side& side : form.law.sides) {
      for (const Term& term : side.terms) {
        problem.features.push_back(value_of(term, form.law, point.work));
      }
    }
  }
  return problem;
}

void take_coefficients(Law& law, bool fixed, const std::vector<double>& coefficients) {
  auto next = coefficients.begin();
  law.fixed = fixed ? *next++ : 0;
  for (Side& side : law.sides) {
    for (Term& term : side.terms) term.seconds = *next++;
  }
}

bool takes_time(const Side& side) {
  return std::any_of(side.terms.begin(), side.terms.end(), [](const Term& term) { return term.seconds > 0; });
}

std::size_t parameters_of(const Form& form) {
  const Law& law = form.law;
  // A knot is chosen among many places, which finds patterns in noise: it counts twice.
  std::size_t count = 2 * law.knots.size() + (law.fixed > 0 ? 1 : 0);
  for (const Side& side : law.sides) {
    for (const Term& term : side.terms) count += term.seconds > 0 ? 1 : 0;
  }
  const auto sides = std::count_if(law.sides.begin(), law.sides.end(), takes_time);
  return count + (sides > 1 ? 1 : 0);
}

/// Terms and sides that take no time are left out; segments stay, since their place is their number.
void prune(Law& law) {
  for (Side& side : law.sides) {
    std::erase_if(side.terms, [](const Term& t) { return t.seconds <= 0 && t.feature != Feature::bytes_segment; });
  }
  std::erase_if(law.sides, [](const Side& side) { return !takes_time(side); });
  if (law.sides.size() < 2) law.ridge = 1;
  const auto uses = [&](Feature feature) {
    return std::any_of(law.sides.begin(), law.sides.end(), [&](const Side& side) {
      return std::any_of(side.terms.begin(), side.terms.end(), [&](const Term& t) { return t.feature == feature; });
    });
  };
  if (!uses(Feature::wave_flops)) law.tile = {};
  if (!uses(Feature::bytes_segment)) law.knots.clear();
}

double rounded_to(int digits, double value) {
  const std::string text = fmt::format("{:.{}g}", value, digits);
  double out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

void round_numbers(Law& law, int digits_of_factors) {
  law.fixed = rounded_to_six(law.fixed), law.ridge = rounded_to_six(law.ridge);
  for (Side& side : law.sides) {
    for (Term& term : side.terms) term.seconds = rounded_to_six(term.seconds);
  }
  for (Correction& table : law.corrections) {
    for (Axis& axis : table.axes) {
      for (double& knot : axis.knots) knot = rounded_to_six(knot);
    }
    for (double& factor : table.factors) factor = rounded_to(digits_of_factors, factor);
  }
}

Interval range_of(const Observations& points, double Work::*feature) {
  const auto less = [&](const Observation& a, const Observation& b) { return a.work.*feature < b.work.*feature; };
  const auto [low, high] = std::minmax_element(points.begin(), points.end(), less);
  return {low->work.*feature, high->work.*feature};
}

Law best_form(const Recipe& recipe, const Observations& points) {
  std::vector<Fitted> fits;
  for (const Form& form : recipe.forms) fits.push_back(fit_form(form, points));
  const auto best = std::min_element(fits.begin(), fits.end(),
                                     [](const Fitted& a, const Fitted& b) { return information(a) < information(b); });
  return segmented(*best, points, recipe.most_segments).form.law;
}

/// All tables together, by backfitting: each in turn to what the others leave.
void fit_tables(Law& law, const std::vector<std::vector<Axis>>& tables, const Observations& points) {
  constexpr int kRounds = 3;
  for (const std::vector<Axis>& axes : tables) law.corrections.push_back(unity_over(axes));
  for (int round = 0; round < (tables.size() > 1 ? kRounds : 1); ++round) {
    for (Correction& table : law.corrections) {
      table = unity_over(table.axes);
      table = fit_factors(table.axes, kTablePulls, points, log_ratios_of(law, points));
    }
  }
}

}  // namespace

Fitted fit_form(const Form& form, const Observations& points, std::optional<double> ridge) {
  const SidesProblem problem = problem_of(form, points);
  if (problem.side_of.empty()) return {form, std::vector<double>(points.size(), -1.0), 0};
  const bool one_side = form.law.sides.size() < 2;
  const SidesFit fit = one_side || ridge ? fit_sides(problem, ridge.value_or(1)) : fit_sides_and_ridge(problem);
  Fitted fitted{form, relative_residuals(problem, fit), 0};
  take_coefficients(fitted.form.law, form.fixed, fit.coefficients);
  fitted.form.law.ridge = fit.ridge;
  fitted.parameters = parameters_of(fitted.form);
  return fitted;
}

double information(const Fitted& fitted) {
  constexpr double kRepeatable = 0.003;
  const auto n = static_cast<double>(fitted.residuals.size()), k = static_cast<double>(fitted.parameters);
  // As many parameters as points explain nothing.
  if (k + 1 >= n) return 1e6 + k;
  const double scale = std::max(robust_scale(fitted.residuals), kRepeatable) * std::sqrt(n / (n - k));
  double loss = 0;
  for (double r : fitted.residuals) loss += std::min(r * r / (scale * scale), 9.0);
  return 2 * n * std::log(scale) + loss + k * std::log(n);
}

std::vector<double> residuals_of(const Law& law, const Observations& points) {
  std::vector<double> out;
  for (const Observation& point : points) out.push_back(law.time(point.work).value() / point.seconds - 1);
  return out;
}

double rounded_to_six(double value) { return rounded_to(6, value); }

Law fit_law(const Recipe& recipe, const Observations& points) {
  Law law = recipe.curve ? fit_curve(*recipe.curve, points) : best_form(recipe, points);
  prune(law);
  if (!recipe.tables.empty()) {
    fit_tables(law, recipe.tables, points);
  } else if (!recipe.curve) {
    law.corrections = best_correction(law, recipe.corrections, points);
  }
  round_numbers(law, recipe.tables.empty() ? 4 : 3);
  law.flops = range_of(points, &Work::flops);
  law.bytes = range_of(points, &Work::bytes);
  return law;
}

}  // namespace tiersim::calib
