// tiersim explain: the operators of one step, what bounds each, and where its time comes from.
#include <fmt/format.h>

#include "sim/report/files.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/explain_plot.hpp"
#include "tools/tiersim/explain_view.hpp"
#include "tools/tiersim/scenario_input.hpp"

namespace tiersim::cli {
namespace {

struct ExplainRequest {
  std::string prefill, decode, format = "table", plot;

  void declare(Options& options) {
    options.group("Step");
    options.text("prefill", "TOKENS[@CONTEXT]", "a chunk of a prompt, behind CONTEXT tokens that are there already",
                 prefill);
    options.text("decode", "N@CONTEXT", "N sequences that decode a token each, attending to CONTEXT tokens", decode);
    options.group("Output");
    options.choice("format", {"table", "json", "csv"}, "what to print: the table (default), JSON or CSV", format);
    options.text("plot", "FILE.svg", "draw the operators on the GPU's roofline there", plot);
  }
};

void print(const std::vector<StepView>& steps, const ResolvedScenario& scenario, const std::string& format) {
  if (format == "table") fmt::print("{}", explain_table(steps, scenario));
  if (format == "csv") fmt::print("{}", explain_csv(steps));
  if (format == "json") fmt::print("{}", explain_json(steps, scenario));
}

}  // namespace

int explain_command(const Arguments& arguments) {
  Options options(
      {"tiersim explain",
       "Takes steps of a scenario's engine apart: every operator with its shape, FLOPs and bytes, what bounds it,\n"
       "its time, and where that comes from. Runs nothing. Without --prefill and --decode: a prefill chunk of the\n"
       "whole token budget, a decode step of as many sequences as fit at the trace's mean context, and both at once.",
       "tiersim explain scenarios/quickstart.yaml --prefill 2048@4096 --decode 64@4000"});
  ScenarioInput input("tiersim explain");
  ExplainRequest request;
  input.declare(options);
  request.declare(options);
  if (!options.parse(arguments)) return 0;
  const ResolvedScenario scenario = input.resolved();
  const ServingSettings& s = scenario.settings;
  CostModel cost(s.model, s.machine, s.profile, s.ranks, s.engine.captured);
  std::vector<StepView> steps;
  for (NamedBatch& named : batches_to_explain(request.prefill, request.decode, scenario, cost)) {
    ExplainedStep step = explain_step(cost, named.batch);
    steps.push_back({std::move(named), std::move(step)});
  }
  if (!request.plot.empty()) write_output_file("--plot", request.plot, svg_of(roofline_plot(steps, scenario)));
  print(steps, scenario, request.format);
  return 0;
}

}  // namespace tiersim::cli
