// tiersim why: one request's time to first token, taken apart.
#include "sim/serving/why.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/cost/cost_model.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/progress.hpp"
#include "tools/tiersim/scenario_input.hpp"
#include "tools/tiersim/why_view.hpp"

namespace tiersim::cli {
namespace {

/// Ends the run as soon as the story is told.
class UntilSettled final : public Observer {
 public:
  UntilSettled(FirstTokenObserver& story, std::atomic<bool>& stop) : story_(story), stop_(stop) {}
  void on_step(const StepRecord& step) override { story_.on_step(step), look(); }
  void on_request(RequestEvent event, RequestId request, ReplicaId replica, Tokens tokens, Time now) override {
    story_.on_request(event, request, replica, tokens, now), look();
  }
  void on_flow(const FlowRecord& flow) override { story_.on_flow(flow); }

 private:
  void look() {
    if (story_.settled()) stop_ = true;
  }

  FirstTokenObserver& story_;
  std::atomic<bool>& stop_;
};

RequestId request_of(const std::string& text, const ResolvedScenario& scenario) {
  std::string problem;
  const auto number = config::parse_count(text, problem);
  const auto requests = static_cast<std::int64_t>(scenario.trace.size());
  if (!number || *number < 0 || *number >= requests)
    misuse("tiersim why",
           fmt::format("REQUEST is '{}', but the requests are numbered from 0 to {}", text, requests - 1),
           {"requests.csv of 'tiersim run --out DIR' has the numbers"});
  return RequestId(static_cast<std::uint32_t>(*number));
}

FirstTokenStory follow(const ResolvedScenario& scenario, RequestId request) {
  const ServingSettings& s = scenario.settings;
  CostModel cost(s.model, s.machine, s.profile, s.ranks, s.engine.captured);
  FirstTokenObserver story(request, cost);
  std::atomic<bool> stop{false};
  UntilSettled observer(story, stop);
  Progress progress(true);
  RunOptions options;
  options.references = false;
  options.observer = &observer;
  options.stop = &stop;
  options.progress = [&](std::size_t done, std::size_t total) { progress.update(done, total); };
  static_cast<void>(run(scenario, options));
  return story.story();
}

}  // namespace

int why_command(const Arguments& arguments) {
  Options options(
      {"tiersim why",
       "Runs a scenario up to one request's first token and splits its time to first token, exactly, into queue,\n"
       "waiting for loads, own prefill, interference of others, and preemptions, with the steps and loads it met.",
       "tiersim why scenarios/quickstart.yaml 100"});
  ScenarioInput input("tiersim why");
  std::string request;
  std::int64_t rows = 20;
  input.declare(options);
  options.operand("REQUEST", "its number in the trace, from 0 (as in requests.csv)", request);
  options.group("Output");
  options.count("rows", "N", "steps and loads to print at most (default: 20)", rows, 1);
  if (!options.parse(arguments)) return 0;
  const ResolvedScenario scenario = input.resolved();
  const RequestId id = request_of(request, scenario);
  fmt::print("{}", why_view(follow(scenario, id), scenario, static_cast<std::size_t>(rows)));
  return 0;
}

}  // namespace tiersim::cli
