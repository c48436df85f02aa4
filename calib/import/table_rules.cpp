#include "calib/import/table_rules.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "sim/core/rng.hpp"
#include "sim/cost/operators.hpp"

namespace tiersim::calib {
namespace {

using enum Feature;

constexpr std::uint64_t kHeldOut = 5;  // one shape in so many

bool is_collective(const Point& point) { return point.family == "all_reduce" || point.family == "send_receive"; }

std::set<double> values_of(Feature feature, const Observations& points) {
  std::set<double> values;
  for (const Observation& point : points) values.insert(value_of(feature, point.work));
  return values;
}

/// Knots at the feature's values where they are few, else a factor apart on a grid of powers of two that spans them;
/// plus some of `more` among them. Values of 0 share the first knot above it.
Axis axis_over(Feature feature, const Observations& points, double factor, const std::vector<double>& more = {}) {
  constexpr std::size_t kFew = 6;
  std::set<double> values = values_of(feature, points);
  values.erase(values.begin(), values.upper_bound(0));
  if (values.empty()) return {feature, {1}};
  const double low = *values.begin(), high = *values.rbegin();
  std::set<double> knots{low, high};
  if (values.size() <= kFew) knots = values;
  for (double grid = 1; values.size() > kFew && grid < high; grid *= factor) {
    if (grid > low) knots.insert(grid);
  }
  for (double knot : more) {
    if (knot > low && knot < high) knots.insert(knot);
  }
  return {feature, {knots.begin(), knots.end()}};
}

/// Knots at every third of the feature's values.
Axis stairs_over(Feature feature, const Observations& points) {
  constexpr std::size_t kEvery = 3;
  Axis axis{feature, {}};
  std::size_t i = 0;
  const std::set<double> values = values_of(feature, points);
  for (double value : values) {
    if (i++ % kEvery == 0 || value == *values.rbegin()) axis.knots.push_back(value);
  }
  return axis;
}

/// The ends of decode attention that splits no context: from this many KV heads at once on (FlashAttention-2's rule,
/// 0.8 of twice the processors) a sequence is one block of threads a head.
std::vector<double> split_ends(double processors) {
  const double whole = std::ceil(0.8 * 2 * processors);
  return {whole - 1, whole};
}

Recipe roofline(const std::string& kernel, const Observations& points) {
  Recipe recipe;
  Form form;
  form.law.sides = {{"compute", {{flops, 0, 0}}}, {"bandwidth", {{bytes, 0, 0}}}};
  if (kernel.starts_with(kernel::kFusedExperts)) {
    // Rows pass through memory before and after the products, which hide no more than their weights.
    form.law.sides = {{"compute", {{flops, 0, 0}, {other_bytes, 0, 0}}}, {"bandwidth", {{weight_bytes, 0, 0}}}};
  }
  if (kernel == kernel::kMixedAttention) {
    // A decoding sequence fills a tile of queries as a chunk does; the longest sequence holds one tile of threads up.
    form.law.sides[0].terms = {{flops, 0, 0}, {decode_flops, 0, 0}, {operations, 0, 0}};
    form.law.sides.push_back({"longest", {{longest, 0, 0}}});
  } else if (kernel.starts_with("decode_attention")) {
    // A block of threads for each sequence and KV head costs something whatever its context; so does the longest one,
    // whose context is read in sequence (within a window there is none that is long).
    form.law.sides.push_back({"blocks", {{kv_heads_at_once, 0, 0}, {heads_at_once, 0, 0}}});
    const bool ragged = values_of(raggedness, points).size() > 1;
    if (!kernel.ends_with("_window")) form.law.sides.push_back({"longest", {{ragged ? longest : context, 0, 0}}});
  }
  recipe.forms = {form};
  return recipe;
}

/// Where kernels change their tiles: between 16 and 128 rows, each at its first row beyond a multiple.
const std::vector<double>& first_rows() {
  static const std::vector<double> rows = {17, 33, 48, 65, 96, 129, 192, 257};
  return rows;
}

/// The first and last rows of all tiles, for tables that have several row counts of each: times are stairs.
std::vector<double> tile_rows(double most) {
  constexpr int kSmall = 16, kLarge = 64, kFrom = 128;
  std::vector<double> rows;
  for (int last = kSmall; last < most + kLarge; last += last < kFrom ? kSmall : kLarge) {
    rows.insert(rows.end(), {static_cast<double>(last), last + 1.0});
  }
  return rows;
}

std::vector<std::vector<Axis>> product_tables(const Observations& points) {
  constexpr std::size_t kDense = 100;
  const std::set<double> rows = values_of(m, points);
  const std::vector<double> more = rows.size() > kDense ? tile_rows(*rows.rbegin()) : first_rows();
  std::vector<Axis> axes{axis_over(n, points, 2), axis_over(k, points, 2)};
  if (Axis by_rows = axis_over(m, points, 2, more); by_rows.knots.size() > 1) axes.insert(axes.begin(), by_rows);
  return {axes};
}

std::vector<std::vector<Axis>> mixed_tables(const Observations& points) {
  const Axis decoding = axis_over(kv_heads_at_once, points, 2), contexts = axis_over(context, points, 2),
             chunks = axis_over(chunk, points, 1.5), offsets = axis_over(offset, points, 2);
  return {{decoding, contexts, chunks},
          {offsets, chunks, decoding},
          {offsets, contexts, decoding},
          {decoding, contexts, axis_over(raggedness, points, 1.25)}};
}

std::vector<std::vector<Axis>> attention_tables(const std::string& kernel, const Observations& points,
                                                double processors) {
  if (kernel == kernel::kMixedAttention) return mixed_tables(points);
  const bool decode = kernel.starts_with("decode");
  const Feature at_once = decode ? kv_heads_at_once : heads_at_once, length = decode ? context : queries;
  const double step = kernel.ends_with("_wide") ? 4 : 2;  // a tenth of the others' points
  std::vector<std::vector<Axis>> tables{
      {axis_over(at_once, points, step), axis_over(length, points, step), axis_over(k, points, 2)},
      {axis_over(kv_heads_at_once, points, 4), axis_over(length, points, 4), axis_over(group, points, 2)}};
  if (!decode) {
    constexpr std::size_t kOneModel = 4;  // whose tables have chunks half an octave apart
    const bool fine = values_of(heads_at_once, points).size() <= kOneModel;
    tables.push_back({axis_over(queries, points, fine ? 1.5 : 2), axis_over(context, points, 2)});
  }
  if (values_of(raggedness, points).size() > 1) {
    tables.push_back({axis_over(at_once, points, 2, split_ends(processors)), axis_over(length, points, 4),
                      axis_over(raggedness, points, 1.25)});
  }
  if (kernel.ends_with("_window")) {
    tables.push_back({axis_over(at_once, points, 4), axis_over(length, points, 4), axis_over(window, points, 8)});
  }
  return tables;
}

/// Few and coarse: shapes are few. The second is for experts that have more rows than others, the last for widths that
/// loads of whole sectors do not fit.
std::vector<std::vector<Axis>> expert_tables(const Observations& points) {
  const Axis rows = axis_over(rows_per_expert, points, 2), aligned = axis_over(alignment, points, 2);
  std::vector<std::vector<Axis>> tables{{rows, axis_over(expert_bytes, points, 4), axis_over(experts, points, 8)},
                                        {axis_over(tiles_per_expert, points, 2), rows}};
  if (aligned.knots.size() > 1) tables.push_back({aligned, axis_over(rows_per_expert, points, 4)});
  return tables;
}

std::vector<std::vector<Axis>> tables_of(const Point& series, const Observations& points, double processors) {
  if (series.family == "gemm") return product_tables(points);
  if (series.family == "experts") return expert_tables(points);
  if (series.family == "attention") return attention_tables(series.kernel, points, processors);
  if (series.family == "elementwise") return {{stairs_over(bytes, points)}};
  if (is_collective(series)) return {{axis_over(bytes, points, 2), axis_over(ranks, points, 2)}};
  return {};
}

}  // namespace

std::set<ProductShape> products_of(const models::ModelSpec& model) {
  std::set<ProductShape> shapes;
  for (std::int64_t ranks : {1, 2, 4, 8}) {
    if (!models::can_split(model, {.tensor = ranks})) continue;
    for (const Operator& op : StepOperators(model, Ranks{ranks, 1}).linear(Tokens(1))) {
      if (op.kind == OperatorKind::gemm) shapes.emplace(static_cast<double>(op.n), static_cast<double>(op.k));
    }
  }
  return shapes;
}

bool is_held_out(const Point& point, const ShapeNames& shapes, std::uint64_t seed) {
  const auto names = shapes.find(point.family);
  if (names == shapes.end()) return false;
  // One row is a kernel of its own: where rows make the shape, there is nothing else to fit it to.
  if (point.kernel == kernel::kGemv && names->second == std::vector<std::string>{"m"}) return false;
  std::string shape = point.family;
  for (const std::string& name : names->second) shape += fmt::format(" {}={}", name, point.at(name, 0));
  return Rng(seed).fork(shape).below(kHeldOut) == 0;
}

FitRules table_rules(const ImportedTables& imported, std::uint64_t seed, bool tables) {
  FitRules rules;
  rules.split = [=, shapes = imported.shapes](const std::vector<Sample>& series) {
    Split split;
    for (const Sample& s : series) (is_held_out(s.point, shapes, seed) ? split.held_out : split.train).push_back(s);
    return split;
  };
  const bool known = !text_in(imported.fingerprint, "processors").empty();
  rules.recipe = [=, processors = known ? number_in(imported.fingerprint, "processors") : 0](
                     const Point& series, const Observations& train) {
    Recipe recipe = roofline(series.kernel, train);
    if (tables) recipe.tables = tables_of(series, train, processors);
    return recipe;
  };
  std::vector<std::string> made_of;
  for (const auto& [family, names] : imported.shapes)
    made_of.push_back(fmt::format("{} ({})", family, fmt::join(names, ", ")));
  rules.held_out = fmt::format(
      "Laws are fitted to four fifths of the shapes, chosen by seed {}; the others are held out. A shape is, by "
      "family:\n"
      "{}.",
      seed, fmt::join(made_of, ", "));
  if (made_of.empty()) rules.held_out = "Laws are fitted to all of these points.";
  rules.included = imported.included;
  return rules;
}

}  // namespace tiersim::calib
