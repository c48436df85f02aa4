// The serving engine against a naive reference of vLLM's V1 rules: the same steps, preemptions, hits and token times.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "tests/property/v1_reference.hpp"
#include "tests/support/random_serving.hpp"

using namespace tiersim;
using namespace tiersim::test;

namespace {

class StepRecorder final : public Observer {
 public:
  void on_step(const StepRecord& record) override {
    ReferenceStep step{
        record.begin.value(), record.end.value(), record.batch.decodes, record.batch.decode_context.value(), {}};
    for (const StepChunk& c : record.chunks)
      step.chunks.push_back({c.request.value(), c.offset.value(), c.tokens.value(), c.last});
    steps.push_back(std::move(step));
  }
  void on_request(RequestEvent, RequestId, ReplicaId, Tokens, Time) override {}

  std::vector<ReferenceStep> steps;
};

std::string text_of(const ReferenceStep& s) {
  std::string text = fmt::format("[{}, {}] {} decodes over {}", s.begin, s.end, s.decodes, s.decode_context);
  for (const ReferenceChunk& c : s.chunks)
    text += fmt::format("  {}: {} + {}{}", c.request, c.offset, c.tokens, c.last ? "." : "");
  return text;
}

std::string text_of(const ReferenceSources& s) {
  return fmt::format("{} hit {} recomputed {} fresh", s.hit, s.recomputed, s.fresh);
}

ReferenceSources sources_of(const PromptSources& s) { return {s.tier[0], s.recomputed, s.fresh}; }

ReferenceRules rules_of(const ServingSettings& s) {
  ReferenceRules rules;
  rules.frames = s.hbm.blocks;
  rules.block = s.block.value();
  rules.budget = s.engine.max_batched_tokens.value();
  rules.seats = s.engine.max_sequences;
  rules.reserve_whole_prompt = s.engine.reserve_whole_prompt;
  rules.infinite = s.reference == Reference::infinite;
  rules.sessions = s.load.kind == LoadKind::sessions;
  rules.concurrency = s.load.kind == LoadKind::concurrency ? s.load.concurrency : 0;
  return rules;
}

std::string request_difference(const RequestOutcome& a, const ReferenceRequest& b) {
  const auto differ = [](std::string_view what, std::int64_t x, std::int64_t y) {
    return x == y ? std::string() : fmt::format("{}: {}, reference {}; ", what, x, y);
  };
  std::string text =
      differ("rejected", a.status == RequestStatus::rejected, b.rejected) +
      differ("arrival", a.arrival.value(), b.arrival) + differ("scheduled", a.scheduled.value(), b.scheduled) +
      differ("first token", a.first_token.value(), b.first_token) +
      differ("last token", a.last_token.value(), b.last_token) + differ("preemptions", a.preemptions, b.preemptions) +
      differ("recomputed after preemption", a.recomputed_after_preemption, b.recomputed_after_preemption);
  if (sources_of(a.first) != b.first)
    text += fmt::format("first: {}, reference {}; ", text_of(sources_of(a.first)), text_of(b.first));
  if (sources_of(a.final) != b.final)
    text += fmt::format("final: {}, reference {}; ", text_of(sources_of(a.final)), text_of(b.final));
  return text;
}

std::vector<std::int64_t> expanded(const std::vector<WeightedSample>& gaps) {
  std::vector<std::int64_t> all;
  for (const WeightedSample& g : gaps) all.insert(all.end(), g.count, g.value);
  std::sort(all.begin(), all.end());
  return all;
}

/// The first difference as text, or empty.
std::string difference_of(const ServingOutcome& engine, const std::vector<ReferenceStep>& steps,
                          const ReferenceOutcome& reference) {
  for (std::size_t i = 0; i < std::min(steps.size(), reference.steps.size()); ++i)
    if (steps[i] != reference.steps[i])
      return fmt::format("step {}: {}\n  reference: {}", i, text_of(steps[i]), text_of(reference.steps[i]));
  if (steps.size() != reference.steps.size())
    return fmt::format("{} steps, reference {}", steps.size(), reference.steps.size());
  for (std::size_t r = 0; r < engine.requests.size(); ++r) {
    const std::string text = request_difference(engine.requests[r], reference.requests[r]);
    if (!text.empty()) return fmt::format("request {}: {}", r, text);
  }
  if (expanded(engine.gaps) != reference.gaps) return "token gaps";
  const auto misses = [&](MissCause cause) { return engine.whole.misses[static_cast<std::size_t>(cause)]; };
  if (misses(MissCause::compulsory) != reference.compulsory_misses)
    return fmt::format("compulsory misses: {}, reference {}", misses(MissCause::compulsory),
                       reference.compulsory_misses);
  if (misses(MissCause::passed_over) != reference.passed_over)
    return fmt::format("passed over: {}, reference {}", misses(MissCause::passed_over), reference.passed_over);
  if (misses(MissCause::capacity) != reference.capacity_misses)
    return fmt::format("capacity misses: {}, reference {}", misses(MissCause::capacity), reference.capacity_misses);
  return "";
}

/// How often the rare things happened over a whole test.
struct Met {
  std::int64_t preemptions = 0, self_preemptions = 0, private_hits = 0, duplicates = 0, rejections = 0, again = 0;
  void add(const ReferenceOutcome& o) {
    self_preemptions += o.self_preemptions;
    private_hits += o.private_hits;
    duplicates += o.duplicates;
    for (const ReferenceRequest& r : o.requests) {
      preemptions += r.preemptions;
      again += r.preemptions > 1;
      rejections += r.rejected;
    }
  }
};

struct Case {
  ServingSettings settings;
  TraceShape shape;
};

Case random_case(Rng& rng) {
  constexpr std::int64_t kBlocks[] = {1, 2, 4, 16};
  Case c;
  const std::int64_t block = kBlocks[rng.below(4)];
  c.shape.block = block * between(rng, 1, 3);
  c.shape.requests = between(rng, 2, 16);
  c.shape.most_prompt = between(rng, 2, 10) * std::max<std::int64_t>(block, 3);
  c.shape.most_output = between(rng, 1, 3) * std::max<std::int64_t>(block, 4);
  c.shape.mean_gap = chance(rng, 0.3) ? 0 : between(rng, 10'000, 600'000);
  c.shape.identified = chance(rng, 0.85);
  const std::int64_t longest = (c.shape.most_prompt + c.shape.most_output) / block + 1;
  c.settings = tiny_settings(block, between(rng, std::max<std::int64_t>(1, longest * 2 / 3), 2 * longest));
  const std::int64_t budget = chance(rng, 0.4) ? between(rng, 1, 8) : between(rng, 8, 100);
  c.settings.engine.max_batched_tokens = Tokens(budget);
  c.settings.engine.max_sequences = std::min(between(rng, 1, 6), budget);
  c.settings.engine.reserve_whole_prompt = chance(rng, 0.5);
  if (chance(rng, 0.15)) c.settings.reference = Reference::infinite;
  constexpr LoadKind kKinds[] = {LoadKind::open, LoadKind::open, LoadKind::sessions, LoadKind::concurrency};
  c.settings.load.kind = kKinds[rng.below(4)];
  c.settings.load.concurrency = between(rng, 1, 8);
  return c;
}

/// Runs one workload on both and returns the first difference.
std::string compare(const ServingSettings& settings, const traces::Trace& trace, Met& met) {
  CostModel cost(settings.model, settings.machine, settings.profile, settings.ranks);
  const ReferenceOutcome reference = run_reference(rules_of(settings), trace, cost);
  met.add(reference);
  StepRecorder recorder;
  SimulationHooks hooks;
  hooks.observer = &recorder;
  const ServingOutcome outcome = Simulation(settings, trace, hooks).run();
  return difference_of(outcome, recorder.steps, reference);
}

/// Moves one arrival to the very end of a step, so that both fall on one instant.
traces::Trace with_a_tie(Rng& rng, const ServingSettings& settings, const traces::Trace& trace) {
  CostModel cost(settings.model, settings.machine, settings.profile, settings.ranks);
  const ReferenceOutcome plain = run_reference(rules_of(settings), trace, cost);
  std::vector<std::int64_t> arrivals(trace.columns().arrival.begin(), trace.columns().arrival.end());
  const std::size_t moved = rng.below(arrivals.size());
  const auto step = std::find_if(plain.steps.begin(), plain.steps.end(),
                                 [&](const ReferenceStep& s) { return s.end >= arrivals[moved]; });
  if (step == plain.steps.end()) return trace;
  for (std::size_t r = moved; r < arrivals.size(); ++r) arrivals[r] = std::max(arrivals[r], step->end);
  return with_arrivals(trace, arrivals);
}

void hold_against_reference(std::uint64_t first_seed, std::uint64_t count) {
  Met met;
  for (std::uint64_t seed = first_seed; seed < first_seed + count; ++seed) {
    Rng rng(seed);
    const Case c = random_case(rng);
    traces::Trace trace = random_trace(rng, c.shape);
    if (chance(rng, 0.3)) trace = with_a_tie(rng, c.settings, trace);
    INFO("seed ", seed, ": ", describe(c.settings));
    const std::string found = compare(c.settings, trace, met);
    REQUIRE_MESSAGE(found.empty(), found);
  }
  // The workloads are only worth something if the rare things occur in them.
  CHECK(met.preemptions > static_cast<std::int64_t>(count) / 4);
  CHECK(met.self_preemptions > static_cast<std::int64_t>(count) / 20);
  CHECK(met.again > static_cast<std::int64_t>(count) / 50);
  CHECK(met.private_hits > static_cast<std::int64_t>(count) / 50);
  CHECK(met.duplicates > 0);
  CHECK(met.rejections > 0);
}

}  // namespace

TEST_CASE("does the engine take the steps of a naive V1 scheduler on random workloads?") {
  hold_against_reference(1, 20'000);
}

TEST_SUITE("slow") {
  TEST_CASE("does the engine take the steps of a naive V1 scheduler on very many random workloads?") {
    hold_against_reference(1'000'000, 100'000);
  }
}
