#pragma once
/// Every metric, defined once: its name, unit, meaning, and how it follows from a run.
///
/// A definition's name may hold a placeholder: `ttft.<statistic>` is mean, p50, p90, p95 and p99; `tier.<tier>.loads`
/// is one metric per tier, `link.<link>.bytes` one per direction of a link (spaces in names become underscores).
/// metric_definitions() is what `tiersim list metrics` prints; compute_metrics() follows the same table, so that
/// neither can have what the other lacks. Units: s, tok/s, requests/s, requests, tokens, blocks, bytes, loads, flows,
/// steps, J, W, tok/J, USD, tok/USD, share (0 to 1). Unless a meaning says otherwise, figures of requests are of those
/// that arrived inside the measurement window, and counts and times are of what happened inside it. Deterministic;
/// O(requests + gaps + samples).
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/report/facts.hpp"

namespace tiersim {

enum class Better { higher, lower, neither };

struct MetricDefinition {
  std::string name, unit;
  std::string meaning;  ///< one sentence
  Better better = Better::neither;
};

/// In the order in which compute_metrics() gives the values.
[[nodiscard]] std::vector<MetricDefinition> metric_definitions();

struct Metric {
  std::string name, unit;
  std::optional<double> value;  ///< none where it does not apply: a mean of nothing, a rate of an empty window
};

struct Metrics {
  std::vector<Metric> all;
  /// The value of a metric, or none; asking for a name that these do not have is our mistake (InternalError).
  [[nodiscard]] std::optional<double> operator[](std::string_view name) const;
  /// The same for names that another run has: its tiers may be more.
  [[nodiscard]] std::optional<double> find(std::string_view name) const;
  /// The same, 0 where there is none.
  [[nodiscard]] double or_zero(std::string_view name) const { return (*this)[name].value_or(0); }
};

[[nodiscard]] Metrics compute_metrics(const RunResult& run);

}  // namespace tiersim
