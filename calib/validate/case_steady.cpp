// Time per output token at fixed concurrency: one run of equal requests for each row of a table of steady states.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include "calib/import/csv_table.hpp"
#include "calib/validate/case_kinds.hpp"
#include "sim/config/library.hpp"
#include "sim/config/overrides.hpp"
#include "sim/config/yaml.hpp"
#include "sim/run.hpp"
#include "traces/trace_builder.hpp"

namespace tiersim::calib::detail {
namespace {

constexpr std::int64_t kRounds = 4;  // requests for each place, the first round being the warm-up

struct SteadyPoint {
  std::string id, model;
  std::int64_t input = 0, output = 0, concurrency = 0, ranks = 1;
  double ttft = 0, tpot = 0;  // s
};

/// Their model's path: ours.
std::map<std::string, std::string> read_models(config::Fields& fields) {
  std::map<std::string, std::string> models;
  each_map(fields, "models", [&](config::Fields& one) {
    const std::string theirs = one.text("path");
    models[theirs] = one.text("model");
  });
  return models;
}

std::vector<SteadyPoint> read_points(const std::string& path, const std::map<std::string, std::string>& models) {
  CsvTable table(path);
  const std::size_t id = table.column("id"), model = table.column("model_path"), isl = table.column("isl"),
                    osl = table.column("osl"), batch = table.column("batch_size"), ranks = table.column("tp_size"),
                    ttft = table.column("silicon_ttft_ms"), tpot = table.column("silicon_tpot_ms");
  const auto whole = [&](std::size_t column) { return static_cast<std::int64_t>(table.positive(column)); };
  std::vector<SteadyPoint> points;
  while (table.next()) {
    const auto ours = models.find(std::string(table.text(model)));
    if (ours == models.end()) continue;
    points.push_back({std::string(table.text(id)), ours->second, whole(isl), whole(osl), whole(batch), whole(ranks),
                      table.positive(ttft) * 1e-3, table.positive(tpot) * 1e-3});
  }
  if (points.empty()) throw std::runtime_error(fmt::format("'{}' has none of the models", path));
  return points;
}

/// Requests that share nothing.
traces::Trace equal_requests(const SteadyPoint& point) {
  traces::TraceBuilder builder;
  for (std::int64_t i = 0; i < kRounds * point.concurrency; ++i)
    builder.add_request({.prompt_tokens = static_cast<std::uint32_t>(point.input),
                         .output_tokens = static_cast<std::uint32_t>(point.output)});
  return std::move(builder).finish(0, 0, {"", "equal requests", ""});
}

struct Means {
  double ttft = 0, tpot = 0;
};

Means means_of(const ServingOutcome& outcome) {
  Means means;
  double count = 0;
  for (const RequestOutcome& r : outcome.requests) {
    if (!r.measured) continue;
    means.ttft += static_cast<double>((r.first_token - r.arrival).value()) * 1e-9;
    means.tpot += static_cast<double>((r.last_token - r.first_token).value()) * 1e-9 / (r.output - 1.0);
    ++count;
  }
  return {means.ttft / count, means.tpot / count};
}

/// The case's scenario with the model of a point, its weights in the type that the case says.
config::Value tree_of(const config::Value& scenario, const SteadyPoint& point, const std::string& weights,
                      const Environment& environment, Diagnostics& diagnostics) {
  config::Value model = config::load_yaml(config::path_in(environment.library + "/models", point.model), diagnostics);
  config::apply_override(model, "weights=" + weights, diagnostics);
  config::Value tree = scenario;
  tree.entries.emplace_back("model", model);
  tree.key_marks.push_back(scenario.mark);
  config::apply_override(tree, fmt::format("serving.tensor_parallel={}", point.ranks), diagnostics);
  config::apply_override(
      tree,
      fmt::format("workload={{generate: {{chat: {{}}}}, load: {{kind: concurrency, concurrency: {}}}}}",
                  point.concurrency),
      diagnostics);
  return tree;
}

void add_row(CaseReport& report, const std::string& what, double most) {
  CaseRow row;
  row.what = what, row.statistic = "median", row.most = most;
  row.pooled = pooled(report, what);
  row.error = row.pooled.median, row.points = row.pooled.points;
  report.rows.push_back(row);
}

}  // namespace

void run_steady_case(config::Fields& fields, const Environment& environment, CaseReport& report) {
  const std::string path = data_at(fields, "measured", environment, report);
  const std::map<std::string, std::string> models = read_models(fields);
  const std::string weights = fields.text("weights");
  const double most = fields.fraction("tpot");
  const config::Value* scenario = fields.child("scenario");
  if (scenario == nullptr) fields.error("scenario", fmt::format("missing key 'scenario' in {}", fields.what()));
  if (!report.skipped.empty() || fields.diagnostics().has_errors()) return;
  fields.record("scenario", *scenario);
  for (const SteadyPoint& point : read_points(path, models)) {
    config::Value tree = tree_of(*scenario, point, weights, environment, fields.diagnostics());
    ResolvedScenario resolved = resolve({fields.mark().file, {}, std::move(tree)}, environment, fields.diagnostics());
    if (fields.diagnostics().has_errors()) return;
    resolved.trace = equal_requests(point);
    resolved.settings.window.warm_up_requests = point.concurrency;
    RunOptions options;
    options.references = false;
    const Means means = means_of(run(resolved, options).run.outcome);
    report.against = fmt::format("profile {}, nothing fitted to these rows", resolved.settings.profile.name);
    report.points.push_back({"TPOT", point.model, point.id, point.tpot, means.tpot});
    report.points.push_back({"TTFT", point.model, point.id, point.ttft, means.ttft});
  }
  add_row(report, "TPOT", most);
  add_row(report, "TTFT", 0);
}

}  // namespace tiersim::calib::detail
