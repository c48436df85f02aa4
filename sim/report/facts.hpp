#pragma once
/// What the metrics are made of: one pass over the requests, the gaps and the series of a run.
///
/// Called by metrics.cpp, and by the verdicts and the table for the groups of links. Requests count as measured if they
/// arrived inside the measurement window; latencies are over measured completed requests; totals are differences
/// between the end and the begin of the window. Refers to the RunResult, which must outlive it. Cost: O(requests + gaps
/// + samples).
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/report/result.hpp"
#include "sim/report/statistics.hpp"

namespace tiersim {

/// Prompt tokens and blocks of many admissions, by where they were found.
struct SourceSums {
  std::array<std::int64_t, kMaxTiers> tokens{}, blocks{};  ///< by tier
  std::int64_t recomputed = 0, fresh = 0;                  ///< tokens
  void add(const PromptSources& sources, std::int64_t block_tokens);
  [[nodiscard]] std::int64_t hit_tokens() const;
  [[nodiscard]] std::int64_t hit_blocks() const;
};

/// Mean and greatest over the samples inside the window.
struct SampledValue {
  double mean = 0, peak = 0;
};

struct Facts {
  explicit Facts(const RunResult& run);

  const RunContext& context;
  const ServingOutcome& outcome;
  double window = 0;      ///< s
  double gpu_window = 0;  ///< s, replicas x window

  std::int64_t measured = 0, completed = 0, rejected_never_fits = 0, rejected_too_long = 0;
  std::int64_t good = 0;  ///< measured, completed, and within every limit
  std::int64_t completed_in_window = 0, prompt_completed_in_window = 0;  ///< measured or not
  Distribution ttft, tpot, itl, end_to_end, queueing, load_wait;         ///< ns

  std::int64_t admitted_prompt = 0, wanted_blocks = 0;  ///< of measured admitted requests
  SourceSums first, final;

  std::int64_t samples = 0;
  SampledValue running, waiting, loading, referenced;  ///< requests; blocks
  std::array<SampledValue, kMaxTiers> resident;        ///< blocks

  [[nodiscard]] const Totals& begin() const { return outcome.begin; }
  [[nodiscard]] const Totals& end() const { return outcome.end; }

 private:
  void read_requests();
  void read_series();
};

/// Points of the series that the sampled metrics are made of.
[[nodiscard]] std::int64_t samples_in_window(const ServingOutcome& outcome);

/// What a direction of a link did within the window.
[[nodiscard]] LinkUse link_use(const ServingOutcome& outcome, std::size_t link);

/// Links that differ only in a number ("pcie0 h2d", "pcie1 h2d"), taken together.
struct LinkGroup {
  std::string name;  ///< "pcie h2d"
  Bytes bytes;
  double busy_mean = 0, busy_max = 0;  ///< shares of the window
};

/// In the order of their first links.
[[nodiscard]] std::vector<LinkGroup> link_groups(const RunResult& run);

}  // namespace tiersim
