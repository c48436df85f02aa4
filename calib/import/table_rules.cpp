#include "calib/import/table_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/core/rng.hpp"

namespace tiersim::calib {
namespace {

using enum Feature;

constexpr std::uint64_t kHeldOut = 5;  // one shape in so many

bool is_collective(const Point& point) { return point.family == "all_reduce" || point.family == "send_receive"; }

std::vector<const char*> shape_of(const Point& point) {
  if (point.family == "gemm") return {"n", "k"};
  if (point.family == "attention") return {"heads", "kv_heads", "k", "window"};
  if (is_collective(point)) return {"bytes"};
  return {};
}

/// Knots a factor apart that span the feature's values, on a grid of powers of two; plus some of `more` among them.
Axis axis_over(Feature feature, const Observations& points, double factor, const std::vector<double>& more = {}) {
  double low = INFINITY, high = 0;
  for (const Observation& point : points) {
    const double value = value_of(feature, point.work);
    low = std::min(low, value), high = std::max(high, value);
  }
  Axis axis{feature, {low}};
  double grid = 1;
  while (grid < high) {
    if (grid > low) axis.knots.push_back(grid);
    grid *= factor;
  }
  for (double knot : more) {
    if (knot > low && knot < high) axis.knots.push_back(knot);
  }
  if (high > low) axis.knots.push_back(high);
  std::sort(axis.knots.begin(), axis.knots.end());
  axis.knots.erase(std::unique(axis.knots.begin(), axis.knots.end()), axis.knots.end());
  return axis;
}

Recipe roofline() {
  Recipe recipe;
  Form form;
  form.law.sides = {{"compute", {{flops, 0, 0}}}, {"bandwidth", {{bytes, 0, 0}}}};
  recipe.forms = {form};
  return recipe;
}

std::vector<std::vector<Axis>> product_tables(const Observations& points) {
  // Between 16 and 128 rows kernels change their tiles, each at its first row beyond a multiple.
  const std::vector<double> rows = {17, 33, 48, 65, 96, 129, 192, 257};
  std::vector<Axis> axes{axis_over(n, points, 2), axis_over(k, points, 2)};
  if (Axis by_rows = axis_over(m, points, 2, rows); by_rows.knots.size() > 1) axes.insert(axes.begin(), by_rows);
  return {axes};
}

std::vector<std::vector<Axis>> attention_tables(const std::string& kernel, const Observations& points) {
  const bool decode = kernel.starts_with("decode");
  const Feature at_once = decode ? kv_heads_at_once : heads_at_once, length = decode ? context : queries;
  std::vector<std::vector<Axis>> tables{
      {axis_over(at_once, points, 2), axis_over(length, points, 2), axis_over(k, points, 2)},
      {axis_over(kv_heads_at_once, points, 4), axis_over(length, points, 4), axis_over(group, points, 2)}};
  if (kernel.ends_with("_window")) {
    tables.push_back({axis_over(at_once, points, 4), axis_over(length, points, 4), axis_over(window, points, 8)});
  }
  return tables;
}

std::vector<std::vector<Axis>> tables_of(const Point& series, const Observations& points) {
  if (series.family == "gemm") return product_tables(points);
  if (series.family == "attention") return attention_tables(series.kernel, points);
  if (is_collective(series)) return {{axis_over(bytes, points, 2), axis_over(ranks, points, 2)}};
  return {};
}

}  // namespace

bool is_held_out(const Point& point, std::uint64_t seed) {
  std::string shape = point.family;
  for (const char* name : shape_of(point)) shape += fmt::format(" {}={}", name, point.at(name));
  return Rng(seed).fork(shape).below(kHeldOut) == 0;
}

FitRules table_rules(std::uint64_t seed, bool tables) {
  FitRules rules;
  rules.split = [=](const std::vector<Sample>& series) {
    Split split;
    for (const Sample& s : series) (is_held_out(s.point, seed) ? split.held_out : split.train).push_back(s);
    return split;
  };
  rules.recipe = [=](const Point& series, const Observations& train) {
    Recipe recipe = roofline();
    if (tables) recipe.tables = tables_of(series, train);
    return recipe;
  };
  rules.held_out = fmt::format(
      "Laws are fitted to four fifths of the shapes, chosen by seed {}; the others are held out. A shape is (n, k) of\n"
      "products, (heads, KV heads, head size, window) of attention, the size of a collective.",
      seed);
  return rules;
}

}  // namespace tiersim::calib
