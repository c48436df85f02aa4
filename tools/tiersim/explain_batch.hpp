#pragma once
/// Which steps `tiersim explain` shows: those that the command line asks for, or three that are typical of a scenario.
///
/// Called by explain.cpp. `--prefill TOKENS[@CONTEXT]` is one chunk of a prompt behind CONTEXT tokens that are there
/// already, `--decode N@CONTEXT` so many sequences that attend to CONTEXT tokens each; both make one mixed step.
/// Without either: a chunk of a whole step's budget, as many decoding sequences at the trace's mean context as seats
/// and blocks allow, and both in one step. Mistakes are thrown as BadInput.
#include <string>
#include <vector>

#include "sim/cost/cost_model.hpp"
#include "sim/run.hpp"

namespace tiersim::cli {

struct NamedBatch {
  std::string name;  ///< "prefill"
  std::string what;  ///< "8,192 tokens at 0"
  Batch batch;
};

/// Empty texts: not asked for.
[[nodiscard]] std::vector<NamedBatch> batches_to_explain(const std::string& prefill, const std::string& decode,
                                                         const ResolvedScenario& scenario, const CostModel& cost);

}  // namespace tiersim::cli
