#include "calib/validate/case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "calib/validate/case_kinds.hpp"
#include "sim/config/library.hpp"
#include "sim/config/overrides.hpp"
#include "sim/config/yaml.hpp"

namespace tiersim::calib {
namespace {

namespace fs = std::filesystem;

struct Kind {
  const char* name;
  void (*run)(config::Fields& fields, const Environment& environment, CaseReport& report);
};
constexpr Kind kKinds[] = {
    {"kernels", detail::run_kernels_case}, {"serving", detail::run_serving_case}, {"steady", detail::run_steady_case}};

Prediction prediction_of(const ComparedPoint& point) { return {{}, {}, {}, {}, point.predicted, point.measured}; }

}  // namespace

bool CaseReport::holds() const {
  return std::all_of(rows.begin(), rows.end(), [](const CaseRow& row) { return row.holds(); });
}

CaseReport run_case(const std::string& path, const Environment& environment, Diagnostics& diagnostics) {
  CaseReport report;
  report.name = fs::path(path).stem().string();
  report.question = config::opening_comment(path);
  const config::Value map = config::load_yaml(path, diagnostics);
  if (diagnostics.has_errors()) return report;
  config::Fields fields(map, fmt::format("case '{}'", report.name), diagnostics);
  std::vector<std::string_view> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  const std::string wanted = fields.choice("case", names);
  for (const Kind& kind : kKinds) {
    if (wanted == kind.name) kind.run(fields, environment, report);
  }
  fields.finish();
  return report;
}

std::vector<ErrorRow> errors_by_regime(const CaseReport& report) {
  std::vector<std::pair<std::string, std::string>> groups;
  for (const ComparedPoint& p : report.points) {
    const std::pair group(p.row, p.regime);
    if (!p.regime.empty() && std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
  }
  std::vector<ErrorRow> rows;
  for (const auto& [row, regime] : groups) {
    std::vector<Prediction> of_group;
    for (const ComparedPoint& p : report.points) {
      if (p.row == row && p.regime == regime) of_group.push_back(prediction_of(p));
    }
    rows.push_back(error_row(of_group));
    rows.back().family = row, rows.back().variant = regime;
  }
  return rows;
}

namespace detail {

std::string data_at(config::Fields& fields, std::string_view key, const Environment& environment, CaseReport& report) {
  const std::string name = fields.text(key);
  std::string path = environment.data + "/" + name;
  std::error_code ignored;
  if (!environment.data.empty() && !name.empty() && fs::exists(path, ignored)) return path;
  report.skipped = environment.data.empty() ? "TIERSIM_DATA is not set" : fmt::format("TIERSIM_DATA has no {}", name);
  return {};
}

Profile profile_at(config::Fields& fields, std::string_view key, const Environment& environment) {
  const std::string name = fields.text(key), path = config::path_in(environment.library + "/calib/profiles", name);
  std::error_code ignored;
  if (name.empty() || !fs::is_regular_file(path, ignored)) {
    fields.error(key, fmt::format("unknown profile '{}'", name));
    return {};
  }
  const config::Value map = config::load_yaml(path, fields.diagnostics());
  config::Fields of_profile(map, fmt::format("profile '{}'", name), fields.diagnostics());
  return read_profile(of_profile);
}

void each_map(config::Fields& fields, std::string_view key, const std::function<void(config::Fields&)>& read) {
  const config::Value* list = fields.child(key);
  if (list == nullptr || list->kind != config::Kind::list) {
    fields.error(key, fmt::format("'{}' in {}: expected a list of maps", key, fields.what()));
    return;
  }
  fields.record(key, *list);
  for (const config::Value& item : list->items) {
    config::Fields one(item, fmt::format("an item of '{}'", key), fields.diagnostics());
    read(one);
    one.finish();
  }
}

std::optional<ResolvedScenario> scenario_at(config::Fields& fields, std::string_view key,
                                            const Environment& environment, const std::vector<std::string>& overrides) {
  const config::Value* tree = fields.child(key);
  if (tree == nullptr) {
    fields.error(key, fmt::format("missing key '{}' in {}", key, fields.what()));
    return {};
  }
  fields.record(key, *tree);
  Scenario scenario{fields.mark().file, {}, *tree};
  for (const std::string& change : overrides) config::apply_override(scenario.tree, change, fields.diagnostics());
  ResolvedScenario resolved = resolve(std::move(scenario), environment, fields.diagnostics());
  if (fields.diagnostics().has_errors()) return {};
  return resolved;
}

ErrorRow pooled(const CaseReport& report, const std::string& row) {
  std::vector<Prediction> of_row;
  for (const ComparedPoint& p : report.points) {
    if (p.row == row) of_row.push_back(prediction_of(p));
  }
  return error_row(of_row);
}

}  // namespace detail
}  // namespace tiersim::calib
