#include "calib/profile_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>
#include <sstream>

#include "sim/config/fields.hpp"
#include "sim/config/units_text.hpp"

namespace tiersim::calib {
namespace {

std::string list(const std::vector<double>& values) { return fmt::format("[{}]", fmt::join(values, ", ")); }

std::string list(const Interval& interval) { return list(std::vector{interval.low, interval.high}); }

std::string side_text(const Side& side) {
  std::string out = "{side: " + scalar_text(side.name);
  std::vector<double> segments;
  for (const Term& term : side.terms) {
    if (term.feature == Feature::bytes_segment) {
      segments.push_back(term.seconds);
    } else {
      out += fmt::format(", {}: {}", name_of(term.feature), term.seconds);
    }
  }
  if (!segments.empty()) out += fmt::format(", {}: {}", name_of(Feature::bytes), list(segments));
  return out + "}";
}

std::string correction_text(const Correction& table) {
  std::vector<std::string> axes;
  for (const Axis& axis : table.axes) {
    axes.push_back(fmt::format("{{of: {}, knots: {}}}", name_of(axis.feature), list(axis.knots)));
  }
  return fmt::format("{{axes: [{}],\n       factors: {}}}", fmt::join(axes, ", "), list(table.factors));
}

std::string law_text(const Law& law) {
  std::string out = fmt::format("  - {{family: {}, kernel: {}", scalar_text(law.family), scalar_text(law.kernel));
  if (!law.variant.empty()) out += ", variant: " + scalar_text(law.variant);
  out += fmt::format(", flops: {}, bytes: {}, fixed: {}", list(law.flops), list(law.bytes), law.fixed);
  if (law.sides.size() > 1) out += fmt::format(", ridge: {}", law.ridge);
  if (law.tile.at_once > 0) {
    out += fmt::format(",\n     tile: {{m: {}, n: {}, at_once: {}}}", law.tile.m, law.tile.n, law.tile.at_once);
  }
  if (!law.knots.empty()) out += ",\n     knots: " + list(law.knots);
  std::vector<std::string> sides;
  for (const Side& side : law.sides) sides.push_back(side_text(side));
  if (!sides.empty()) out += fmt::format(",\n     sides: [{}]", fmt::join(sides, ", "));
  std::vector<std::string> corrections;
  for (const Correction& table : law.corrections) corrections.push_back(correction_text(table));
  if (!corrections.empty()) out += fmt::format(",\n     corrections: [{}]", fmt::join(corrections, ",\n      "));
  return out + "}\n";
}

std::string row_text(const ErrorRow& row) {
  const auto short_number = [](double v) { return fmt::format("{:.4g}", v); };
  return fmt::format(
      "  - {{family: {}, kernel: {}, variant: {}, set: {}, points: {}, mape: {}, median: {}, p90: {}, worst: {}, bias: "
      "{}}}\n",
      scalar_text(row.family), scalar_text(row.kernel), scalar_text(row.variant), row.set, row.points,
      short_number(row.mape), short_number(row.median), short_number(row.p90), short_number(row.worst),
      short_number(row.bias));
}

using Comments = std::map<std::string, std::string>;

std::string key_text(const std::string& key, const std::string& value, const Comments& comments) {
  const auto comment = comments.find(key);
  const std::string text = key + ": " + value;
  return comment == comments.end() ? text + "\n" : fmt::format("{:<34}# {}\n", text, comment->second);
}

std::string heading_text(const std::string& heading) {
  std::istringstream in(heading);
  std::string out;
  for (std::string line; std::getline(in, line);) out += "# " + line + "\n";
  return out;
}

std::string keys_text(const Profile& p, const Comments& comments) {
  std::string out;
  const auto add = [&](const std::string& key, const std::string& value) { out += key_text(key, value, comments); };
  add("name", scalar_text(p.name));
  add("provenance", p.provenance);
  add("gemm_efficiency", fmt::format("{}", p.gemm_efficiency));
  add("attention_efficiency", fmt::format("{}", p.attention_efficiency));
  add("gemm_bandwidth", fmt::format("{}", p.gemm_bandwidth));
  add("attention_bandwidth", fmt::format("{}", p.attention_bandwidth));
  add("elementwise_bandwidth", fmt::format("{}", p.elementwise_bandwidth));
  add("ridge_exponent", fmt::format("{}", p.ridge_exponent));
  add("launch", config::text_of(p.launch));
  add("eager_launch", config::text_of(p.eager_launch));
  add("step_overhead", config::text_of(p.step_overhead));
  add("runtime_memory", config::text_of(p.runtime_memory));
  return out;
}

template <class Range, class Print>
std::string section(const std::string& title, const Range& items, Print print) {
  std::string out;
  for (const auto& item : items) out += print(item);
  return out.empty() ? out : title + "\n" + out;
}

}  // namespace

std::string scalar_text(const std::string& text) {
  std::string out = config::to_yaml(config::scalar(text));
  out.pop_back();  // the newline
  return out;
}

std::string text_of(const Profile& profile, const std::string& heading, const Comments& comments) {
  std::string out = heading_text(heading) + keys_text(profile, comments);
  out += section("# Seconds per unit of each feature; bytes in a list: one a segment between the knots.\nlaws:",
                 profile.laws, law_text);
  out += section("# Relative to the measured time, as fractions; bias: positive where predicted too slow.\nerrors:",
                 profile.errors, row_text);
  out += section("overlaps:", profile.overlaps, [](const Overlap& o) {
    return fmt::format("  - {{kernel: {}, beside: {}, slow_down: {}}}\n", scalar_text(o.kernel), scalar_text(o.beside),
                       o.slow_down);
  });
  if (profile.ceilings.copy.value() > 0) {
    out += fmt::format("ceilings: {{product: {:.4g} GFLOP/s, copy: {:.4g} GB/s}}\n",
                       profile.ceilings.product.value() * 1e-9, profile.ceilings.copy.value() * 1e-9);
  }
  out += section("fingerprint:", profile.fingerprint, [](const auto& entry) {
    return fmt::format("  {}: {}\n", scalar_text(entry.first), scalar_text(entry.second));
  });
  return out;
}

}  // namespace tiersim::calib
