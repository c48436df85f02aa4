#pragma once
/// A Result with everything computed that the writers print: metrics, verdicts, warnings. Made once, read by all.
///
/// Refers to the Result, which must outlive it. Deterministic; cost is that of compute_metrics() for each run.
#include <string>
#include <vector>

#include "sim/report/metrics.hpp"
#include "sim/report/result.hpp"
#include "sim/report/verdicts.hpp"

namespace tiersim {

struct Report {
  explicit Report(const Result& of);

  const Result& result;
  Metrics metrics;                  ///< of the run
  std::vector<Metrics> references;  ///< as in result.references
  StabilityVerdict stability;
  std::vector<TierVerdict> tiers;  ///< as in result.run.context.tiers
  std::vector<std::string> warnings;
};

}  // namespace tiersim
