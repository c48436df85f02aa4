// A served workload: latencies that a server logged beside those of a run with the same arrivals.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "calib/validate/case_kinds.hpp"
#include "sim/config/yaml.hpp"
#include "sim/core/rng.hpp"
#include "sim/report/human.hpp"
#include "sim/run.hpp"
#include "traces/repeat.hpp"

namespace tiersim::calib::detail {
namespace {

namespace fs = std::filesystem;

/// Of one request, in seconds.
struct Served {
  double queued = 0, first = 0, last = 0;
  double output = 0;  ///< tokens
};

constexpr std::array kMetrics = {"TTFT", "TPOT", "end to end"};

/// Negative where there is none: a single token has no gaps.
double metric_of(const Served& s, std::size_t metric) {
  if (metric == 0) return s.first - s.queued;
  if (metric == 1) return s.output > 1 ? (s.last - s.first) / (s.output - 1) : -1;
  return s.last - s.queued;
}

std::vector<double> sorted(const std::vector<Served>& requests, std::size_t metric) {
  std::vector<double> values;
  for (const Served& s : requests) {
    if (const double value = metric_of(s, metric); value >= 0) values.push_back(value);
  }
  std::sort(values.begin(), values.end());
  return values;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

/// x[ceil(p n)], counted from 1.
double percentile_of(const std::vector<double>& values, double p) {
  return values[static_cast<std::size_t>(std::ceil(p * static_cast<double>(values.size()))) - 1];
}

std::vector<Served> read_measured(const std::string& path) {
  std::vector<Served> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const auto r = nlohmann::json::parse(line, nullptr, false);
    const auto number = [&](const char* key) {
      if (r.is_object() && r.contains(key) && r[key].is_number()) return r[key].get<double>();
      throw std::runtime_error(fmt::format("{}:{}: expected a number '{}'", path, out.size() + 1, key));
    };
    out.push_back({number("queued_ts"), number("first_token_ts"), number("last_token_ts"), number("output_toks")});
  }
  if (out.empty()) throw std::runtime_error(fmt::format("'{}' has no requests", path));
  return out;
}

std::vector<Served> simulated(const ResolvedScenario& scenario) {
  RunOptions options;
  options.references = false;
  const auto seconds = [](Time t) { return static_cast<double>(t.value()) * 1e-9; };
  std::vector<Served> out;
  for (const RequestOutcome& r : run(scenario, options).run.outcome.requests)
    out.push_back({seconds(r.arrival), seconds(r.first_token), seconds(r.last_token), static_cast<double>(r.output)});
  return out;
}

traces::Trace with_arrivals(const traces::Trace& trace, const std::vector<Served>& measured) {
  std::vector<Time> arrivals;
  arrivals.reserve(measured.size());
  for (const Served& s : measured)
    arrivals.emplace_back(static_cast<std::int64_t>((s.queued - measured[0].queued) * 1e9));
  return traces::arriving_at(trace, arrivals);
}

CaseRow row_of(const std::string& what, const std::string& statistic, double measured, double predicted, double most) {
  CaseRow row;
  row.what = what, row.statistic = statistic, row.most = most;
  row.measured = measured, row.predicted = predicted, row.error = predicted / measured - 1;
  return row;
}

struct Replays {
  std::int64_t count = 0;
  double blocks = 0;  // share by which the KV blocks vary
  Duration arrivals;  // by which arrivals vary
  double most = 0;    // of the median error of the means
};

Replays read_replays(config::Fields& fields) {
  Replays replays;
  const config::Value* map = fields.child("replays");
  if (map == nullptr) return replays;
  config::Fields inner(*map, "replays", fields.diagnostics());
  replays.count = inner.count("count", 21, config::Range{1, 1000});
  replays.blocks = inner.fraction("blocks", 0.01);
  replays.arrivals = inner.duration("arrivals", Duration(10'000'000));
  replays.most = inner.fraction("median");
  inner.finish();
  fields.record("replays", inner.resolved());
  return replays;
}

/// The same run with slightly other memory and arrivals: what luck in the schedule is worth.
void replay(const ResolvedScenario& scenario, const std::vector<Served>& measured, const Replays& replays,
            CaseReport& report) {
  std::array<std::vector<double>, kMetrics.size()> means;
  const std::int64_t blocks = scenario.settings.hbm.blocks;
  for (std::int64_t i = 0; i < replays.count; ++i) {
    ResolvedScenario varied = scenario;
    Rng rng(static_cast<std::uint64_t>(i + 1));
    const double share = replays.blocks * (2 * rng.uniform() - 1);
    varied.settings.hbm.blocks = blocks + static_cast<std::int64_t>(std::round(share * static_cast<double>(blocks)));
    varied.settings.load.jitter = 2 * replays.arrivals;  // forward only: the middle moves, which no latency sees
    varied.settings.load.seed = static_cast<std::uint64_t>(i + 1);
    const std::vector<Served> served = simulated(varied);
    for (std::size_t m = 0; m < kMetrics.size(); ++m) means[m].push_back(mean_of(sorted(served, m)));
  }
  for (std::size_t m = 0; m < kMetrics.size(); ++m) {
    std::sort(means[m].begin(), means[m].end());
    report.rows.push_back(row_of(kMetrics[m], fmt::format("median mean of {} replays", replays.count),
                                 mean_of(sorted(measured, m)), percentile_of(means[m], 0.5), replays.most));
  }
}

/// A case's scenario with its measured arrivals.
struct Workload {
  ResolvedScenario scenario;
  std::vector<Served> measured;
};

std::optional<Workload> read_workload(config::Fields& fields, const std::string& path, const Environment& environment) {
  std::optional<ResolvedScenario> scenario = scenario_at(fields, "scenario", environment, {});
  if (!scenario) return {};
  std::vector<Served> measured = read_measured(path);
  if (measured.size() != scenario->trace.size())
    throw std::runtime_error(
        fmt::format("'{}' has {} requests, its trace {}", path, measured.size(), scenario->trace.size()));
  scenario->trace = with_arrivals(scenario->trace, measured);
  return Workload{std::move(*scenario), std::move(measured)};
}

/// The CPU time per step that another case's run shows: what makes its mean TPOT come out; 0 where it is too long
/// without any.
Duration step_overhead_of(const std::string& file, const Environment& environment, Diagnostics& diagnostics) {
  const config::Value map = config::load_yaml(file, diagnostics);
  config::Fields fields(map, fmt::format("case '{}'", file), diagnostics);
  const std::optional<Workload> other =
      read_workload(fields, environment.data + "/" + fields.text("measured"), environment);
  for (const char* key : {"case", "means", "percentiles", "replays", "step_overhead_from"})
    static_cast<void>(fields.has(key));
  fields.finish();
  if (!other) return {};
  const double wanted = mean_of(sorted(other->measured, 1));
  const auto tpot = [&](Duration overhead) {
    ResolvedScenario scenario = other->scenario;
    scenario.settings.profile.step_overhead = overhead;
    return mean_of(sorted(simulated(scenario), 1));
  };
  Duration low{0}, high{10'000'000};
  if (tpot(low) >= wanted) return low;
  while (high - low > Duration(1'000)) {
    const Duration middle = low + (high - low) / 2;
    (tpot(middle) < wanted ? low : high) = middle;
  }
  return low;
}

}  // namespace

void run_serving_case(config::Fields& fields, const Environment& environment, CaseReport& report) {
  const std::string path = data_at(fields, "measured", environment, report);
  const double means = fields.fraction("means"), percentiles = fields.fraction("percentiles", 0.0);
  const std::string overhead_from = fields.text("step_overhead_from", "");
  const Replays replays = read_replays(fields);
  if (!report.skipped.empty() || fields.diagnostics().has_errors()) {
    static_cast<void>(fields.has("scenario"));
    return;
  }
  std::optional<Workload> workload = read_workload(fields, path, environment);
  if (!workload) return;
  ResolvedScenario& scenario = workload->scenario;
  const std::vector<Served>& measured = workload->measured;
  report.against = fmt::format("profile {}, nothing fitted to this run", scenario.settings.profile.name);
  if (!overhead_from.empty()) {
    const fs::path file = fs::path(fields.mark().file).parent_path() / (overhead_from + ".yaml");
    scenario.settings.profile.step_overhead = step_overhead_of(file.string(), environment, fields.diagnostics());
    report.against +=
        fmt::format("; CPU time per step {}, from {}",
                    human::duration(in_seconds(scenario.settings.profile.step_overhead).value()), overhead_from);
  }

  const std::vector<Served> served = simulated(scenario);
  for (std::size_t m = 0; m < kMetrics.size(); ++m) {
    const std::vector<double> real = sorted(measured, m), ours = sorted(served, m);
    report.rows.push_back(row_of(kMetrics[m], "mean", mean_of(real), mean_of(ours), means));
    for (double p : {0.5, 0.9, 0.95, 0.99})
      report.rows.push_back(row_of(kMetrics[m], fmt::format("P{:.0f}", 100 * p), percentile_of(real, p),
                                   percentile_of(ours, p), percentiles));
    for (std::size_t i = 0; i < measured.size(); ++i) {
      const double real_one = metric_of(measured[i], m), our_one = metric_of(served[i], m);
      if (real_one >= 0 && our_one >= 0)
        report.points.push_back({kMetrics[m], "", fmt::format("request {}", i), real_one, our_one});
    }
  }
  if (replays.count > 0) replay(scenario, measured, replays, report);
}

}  // namespace tiersim::calib::detail
