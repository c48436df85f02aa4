// The split of a time to first token, asked of whole runs: it sums for every request, whatever befell it.
#include "sim/serving/why.hpp"

#include <doctest/doctest.h>

#include "sim/run.hpp"

using namespace tiersim;

namespace {

ResolvedScenario small(const std::vector<std::string>& overrides) {
  const std::string root = TIERSIM_SOURCE_DIR;
  Diagnostics diagnostics;
  ResolvedScenario scenario =
      resolve(load_scenario(root + "/tests/golden/small.yaml", overrides, diagnostics), {root, ""}, diagnostics);
  throw_if_errors(diagnostics);
  return scenario;
}

/// Follows every `stride`-th request; returns the sum over those of all splits.
FirstTokenSplit check_all(const ResolvedScenario& scenario, std::size_t stride) {
  const ServingSettings& s = scenario.settings;
  FirstTokenSplit sum;
  for (std::size_t r = 0; r < scenario.trace.size(); r += stride) {
    CostModel cost(s.model, s.machine, s.profile, s.ranks, s.engine.captured);
    FirstTokenObserver observer(RequestId(r), cost);
    RunOptions options;
    options.references = false;
    options.observer = &observer;
    const Result result = run(scenario, options);
    const RequestOutcome& outcome = result.run.outcome.requests[r];
    const FirstTokenStory story = observer.story();
    INFO("request " << r);
    REQUIRE(story.finished);
    CHECK(story.split.total() == outcome.first_token - outcome.arrival);
    CHECK(story.first_token == outcome.first_token);
    sum.queue += story.split.queue;
    sum.loads += story.split.loads;
    sum.own_prefill += story.split.own_prefill;
    sum.interference += story.split.interference;
    sum.preemptions += story.split.preemptions;
  }
  return sum;
}

}  // namespace

TEST_CASE("does the split sum to the time to first token when requests queue and load?") {
  const FirstTokenSplit sum = check_all(small({"hierarchy.hbm.blocks=1500", "serving.load=always"}), 7);
  CHECK(sum.queue > Duration(0));
  CHECK(sum.loads > Duration(0));
  CHECK(sum.interference > Duration(0));
}

TEST_CASE("does the split sum to the time to first token under preemptions?") {
  const FirstTokenSplit sum = check_all(
      small({"hierarchy.hbm.blocks=900", "serving.reserve_whole_prompt=false", "serving.max_batched_tokens=512"}), 5);
  CHECK(sum.preemptions > Duration(0));
}

TEST_CASE("does the split sum to the time to first token when loads overlap with steps?") {
  const FirstTokenSplit sum =
      check_all(small({"hierarchy.hbm.blocks=1500", "serving.load=always", "serving.layerwise=true"}), 7);
  CHECK(sum.loads > Duration(0));
}
