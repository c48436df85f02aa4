#pragma once
/// Explained steps as text: a table for people, CSV and JSON for programs.
///
/// Called by explain.cpp. The table has at most 100 columns and says under each step what the words in it mean; CSV has
/// a row for each operator, JSON the same with the steps' totals. Figures are of one GPU and all repeats; CSV and JSON
/// have them in base units (FLOP, B, s) in full precision. Each text ends in a newline.
#include <string>
#include <vector>

#include "sim/cost/explanation.hpp"
#include "sim/run.hpp"
#include "tools/tiersim/explain_batch.hpp"

namespace tiersim::cli {

struct StepView {
  NamedBatch batch;
  ExplainedStep step;
};

[[nodiscard]] std::string explain_table(const std::vector<StepView>& steps, const ResolvedScenario& scenario);
[[nodiscard]] std::string explain_csv(const std::vector<StepView>& steps);
[[nodiscard]] std::string explain_json(const std::vector<StepView>& steps, const ResolvedScenario& scenario);

}  // namespace tiersim::cli
