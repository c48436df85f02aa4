#include "sim/report/report.hpp"

namespace tiersim {

Report::Report(const Result& of)
    : result(of),
      metrics(compute_metrics(of.run)),
      stability(stability_of(of.run)),
      tiers(tier_verdicts(of.run, metrics)),
      warnings(warnings_of(of.run, metrics, stability)) {
  for (const RunResult& r : of.references) references.push_back(compute_metrics(r));
}

}  // namespace tiersim
