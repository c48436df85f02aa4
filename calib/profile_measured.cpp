#include "calib/profile_measured.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "sim/config/units_text.hpp"

namespace tiersim::calib {
namespace {

using config::Fields;
using config::Kind;
using config::Range;
using config::Value;

constexpr Range kSeconds{0, 1e6};  // and s per unit of a feature
constexpr Range kSize{0, 1e30};
constexpr Range kFactor{1e-6, 1e6};
constexpr Range kPositive{1e-30, 1e30};

// All but bytes_segment, which a list under "bytes" stands for.
constexpr std::array kFeatures = {Feature::flops,
                                  Feature::decode_flops,
                                  Feature::flops_per_m,
                                  Feature::flops_per_n,
                                  Feature::flops_per_k,
                                  Feature::wave_flops,
                                  Feature::bytes,
                                  Feature::operations,
                                  Feature::operations_share,
                                  Feature::bytes_share,
                                  Feature::sequences,
                                  Feature::m,
                                  Feature::n,
                                  Feature::k,
                                  Feature::heads_at_once,
                                  Feature::kv_heads_at_once,
                                  Feature::queries,
                                  Feature::context,
                                  Feature::group,
                                  Feature::window,
                                  Feature::longest,
                                  Feature::raggedness,
                                  Feature::chunk,
                                  Feature::offset,
                                  Feature::ranks,
                                  Feature::experts,
                                  Feature::rows_per_expert,
                                  Feature::tiles_per_expert,
                                  Feature::weight_bytes,
                                  Feature::other_bytes,
                                  Feature::expert_bytes,
                                  Feature::alignment};

double number_of(const Value& item, Range range, std::string& problem) {
  if (item.kind != Kind::scalar) {
    problem = fmt::format("found {}, expected a number", config::kind_name(item.kind));
    return 0;
  }
  const double value = config::parse_number(item.scalar, problem).value_or(range.low);
  if (value < range.low || value > range.high) problem = fmt::format("'{}' is out of range", item.scalar);
  return value;
}

/// The numbers of the list under `key`; empty where it is absent or after an error.
std::vector<double> numbers(Fields& fields, std::string_view key, Range range) {
  const Value* list = fields.child(key);
  if (list == nullptr) return {};
  fields.record(key, *list);
  if (list->kind != Kind::list) {
    fields.error(key, fmt::format("'{}' in {}: found {}, expected a list of numbers", key, fields.what(),
                                  config::kind_name(list->kind)));
    return {};
  }
  std::vector<double> out;
  for (const Value& item : list->items) {
    std::string problem;
    out.push_back(number_of(item, range, problem));
    if (problem.empty()) continue;
    fields.diagnostics().error(item.mark, fmt::format("'{}' in {}: {}", key, fields.what(), problem));
    return {};
  }
  return out;
}

std::vector<double> ascending(Fields& fields, std::string_view key) {
  std::vector<double> knots = numbers(fields, key, kPositive);
  if (std::adjacent_find(knots.begin(), knots.end(), std::greater_equal<>()) != knots.end()) {
    fields.error(key, fmt::format("'{}' in {} must ascend", key, fields.what()));
  }
  return knots;
}

/// Reads each map of the list under `key`.
void each(Fields& parent, std::string_view key, std::string_view what, const std::function<void(Fields&)>& read) {
  const Value* list = parent.child(key);
  if (list == nullptr) return;
  Value resolved;
  resolved.kind = Kind::list, resolved.mark = list->mark;
  if (list->kind != Kind::list) {
    parent.error(key, fmt::format("'{}' in {}: found {}, expected a list of maps", key, parent.what(),
                                  config::kind_name(list->kind)));
  }
  for (const Value& item : list->items) {
    Fields fields(item, fmt::format("{} {} of {}", what, resolved.items.size() + 1, parent.what()),
                  parent.diagnostics());
    read(fields);
    fields.finish();
    resolved.items.push_back(fields.resolved());
  }
  parent.record(key, std::move(resolved));
}

/// Reads the map under `key` where there is one.
void inside(Fields& parent, std::string_view key, const std::function<void(Fields&)>& read) {
  const Value* map = parent.child(key);
  if (map == nullptr) return;
  Fields fields(*map, fmt::format("{} of {}", key, parent.what()), parent.diagnostics());
  read(fields);
  fields.finish();
  parent.record(key, fields.resolved());
}

Side read_side(Fields& fields, std::size_t segments) {
  Side side;
  side.name = fields.text("side");
  for (Feature feature : kFeatures) {
    const std::string_view key = name_of(feature);
    const Value* value = fields.child(key);
    if (value == nullptr) continue;
    if (feature != Feature::bytes || value->kind != Kind::list) {
      side.terms.push_back({feature, fields.number(key, {}, kSeconds), 0});
      continue;
    }
    const std::vector<double> seconds = numbers(fields, key, kSeconds);
    if (seconds.size() != segments) {
      fields
          .error(key,
                 fmt::format("'{}' in {} has {} numbers for {} segments", key, fields.what(), seconds.size(), segments))
          .notes.push_back("the law's knots cut bytes into one segment more than there are knots");
      continue;
    }
    for (std::size_t i = 0; i < segments; ++i) {
      side.terms.push_back({Feature::bytes_segment, seconds[i], static_cast<std::int64_t>(i)});
    }
  }
  return side;
}

Feature read_feature(Fields& fields, std::string_view key) {
  std::vector<std::string_view> names;
  names.reserve(kFeatures.size());
  for (Feature feature : kFeatures) names.push_back(name_of(feature));
  const std::string name = fields.choice(key, names);
  for (Feature feature : kFeatures) {
    if (name_of(feature) == name) return feature;
  }
  return Feature::bytes;
}

Correction read_correction(Fields& fields) {
  Correction table;
  std::size_t expected = 1;
  each(fields, "axes", "axis", [&](Fields& axis) {
    table.axes.push_back({read_feature(axis, "of"), ascending(axis, "knots")});
    expected *= table.axes.back().knots.size();
  });
  table.factors = numbers(fields, "factors", kFactor);
  if (table.axes.empty() || table.axes.size() > kMostAxes) {
    fields.error("axes",
                 fmt::format("{} has {} axes, expected one to {}", fields.what(), table.axes.size(), kMostAxes));
    return {};
  }
  if (table.factors.size() != expected || expected == 0) {
    fields.error("factors", fmt::format("'factors' in {} has {} numbers for {} knots", fields.what(),
                                        table.factors.size(), expected));
    return {};
  }
  return table;
}

Interval read_interval(Fields& fields, std::string_view key) {
  const std::vector<double> ends = numbers(fields, key, kSize);
  if (ends.empty()) return {};
  if (ends.size() != 2 || ends[0] > ends[1]) {
    fields.error(key, fmt::format("'{}' in {} must be [least, largest]", key, fields.what()));
    return {};
  }
  return {ends[0], ends[1]};
}

bool uses_waves(const Law& law) {
  return std::any_of(law.sides.begin(), law.sides.end(), [](const Side& side) {
    return std::any_of(side.terms.begin(), side.terms.end(),
                       [](const Term& term) { return term.feature == Feature::wave_flops; });
  });
}

Law read_law(Fields& fields) {
  constexpr Range kTile{1, 1e9};
  Law law;
  law.family = fields.text("family"), law.kernel = fields.text("kernel");
  law.variant = fields.text("variant", std::string());
  law.fixed = fields.number("fixed", 0, kSeconds);
  law.ridge = fields.number("ridge", 1, Range{1, 1000});
  law.knots = ascending(fields, "knots");
  inside(fields, "tile", [&](Fields& tile) {
    law.tile = {tile.number("m", {}, kTile), tile.number("n", {}, kTile), tile.number("at_once", {}, kTile)};
  });
  each(fields, "sides", "side", [&](Fields& side) { law.sides.push_back(read_side(side, law.knots.size() + 1)); });
  each(fields, "corrections", "correction", [&](Fields& table) { law.corrections.push_back(read_correction(table)); });
  if (law.sides.size() > kMostSides) {
    fields.error("sides", fmt::format("{} has {} sides; at most {} are thought of", fields.what(), law.sides.size(),
                                      kMostSides));
  }
  law.flops = read_interval(fields, "flops");
  law.bytes = read_interval(fields, "bytes");
  if (uses_waves(law) && law.tile.at_once <= 0) {
    fields.error("sides", fmt::format("'wave flops' in {} without a 'tile'", fields.what()));
  }
  return law;
}

ErrorRow read_error_row(Fields& fields) {
  constexpr Range kError{0, 1e9}, kBias{-1, 1e9};
  ErrorRow row;
  row.family = fields.text("family"), row.kernel = fields.text("kernel", std::string());
  row.variant = fields.text("variant", std::string());
  row.set = fields.choice("set", {"train", "held-out"});
  row.points = fields.count("points");
  row.mape = fields.number("mape", 0, kError), row.median = fields.number("median", 0, kError);
  row.p90 = fields.number("p90", 0, kError), row.worst = fields.number("worst", 0, kError);
  row.bias = fields.number("bias", 0, kBias);
  return row;
}

void read_fingerprint(Fields& parent, Profile& profile) {
  const Value* map = parent.child("fingerprint");
  if (map == nullptr) return;
  Fields fields(*map, "fingerprint of " + parent.what(), parent.diagnostics());
  for (const auto& [key, value] : map->entries) profile.fingerprint.emplace_back(key, fields.text(key, std::string()));
  fields.finish();
  parent.record("fingerprint", fields.resolved());
}

}  // namespace

void read_measured(Fields& fields, Profile& profile) {
  each(fields, "laws", "law", [&](Fields& law) { profile.laws.push_back(read_law(law)); });
  each(fields, "errors", "row", [&](Fields& row) { profile.errors.push_back(read_error_row(row)); });
  each(fields, "overlaps", "overlap", [&](Fields& overlap) {
    profile.overlaps.push_back(
        {overlap.text("kernel"), overlap.text("beside"), overlap.number("slow_down", {}, Range{0.01, 1e6})});
  });
  inside(fields, "ceilings", [&](Fields& ceilings) {
    profile.ceilings = {ceilings.compute("product"), ceilings.bandwidth("copy")};
  });
  read_fingerprint(fields, profile);
}

}  // namespace tiersim::calib
