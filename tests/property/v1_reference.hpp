#pragma once
/// A naive serving engine to hold the real one against: vLLM's V1 rules as SEMANTICS and sim/serving/replica.hpp state
/// them, in plain loops over explicit state. One replica, HBM alone, the vllm free queue.
///
/// Every request has its own list of blocks, every block its content and its count of references, the free queue is a
/// list, and every question ("is this content resident?", "who needs a block?") is answered by looking at everything.
/// Nothing is remembered from one step to the next about why somebody could not be admitted. Called by
/// tests/property/scheduler_test.cpp. Times in nanoseconds. O(requests x blocks) a step, and it does not matter.
#include <cstdint>
#include <functional>
#include <vector>

#include "sim/cost/cost_model.hpp"
#include "sim/serving/arrivals.hpp"
#include "traces/trace.hpp"

namespace tiersim::test {

struct ReferenceRules {
  std::int64_t frames = 0, block = 16, budget = 8192, seats = 256;
  bool reserve_whole_prompt = true;
  bool infinite = false;         ///< content is never overwritten; `frames` bounds what is referenced
  bool sessions = false;         ///< a turn comes when the one before it has been answered and thought over
  std::int64_t concurrency = 0;  ///< more than 0: so many at a time, whatever the trace's times
};

struct ReferenceChunk {
  std::int64_t request = 0, offset = 0, tokens = 0;
  bool last = false;
  friend bool operator==(const ReferenceChunk&, const ReferenceChunk&) = default;
};

struct ReferenceStep {
  std::int64_t begin = 0, end = 0, decodes = 0, decode_context = 0;
  std::vector<ReferenceChunk> chunks;
  friend bool operator==(const ReferenceStep&, const ReferenceStep&) = default;
};

/// Tokens of a prompt, by where an admission found them.
struct ReferenceSources {
  std::int64_t hit = 0, recomputed = 0, fresh = 0;
  friend bool operator==(const ReferenceSources&, const ReferenceSources&) = default;
};

struct ReferenceRequest {
  std::int64_t arrival = -1, scheduled = -1, first_token = -1, last_token = -1;
  std::int64_t preemptions = 0, recomputed_after_preemption = 0;
  bool rejected = false;
  ReferenceSources first, final;
};

struct ReferenceOutcome {
  std::vector<ReferenceStep> steps;
  std::vector<ReferenceRequest> requests;
  std::vector<std::int64_t> gaps;  ///< between tokens of a request, ascending
  std::int64_t compulsory_misses = 0, capacity_misses = 0, passed_over = 0;
  // How often the rare things happened, so that a test can say that it met them.
  std::int64_t self_preemptions = 0, private_hits = 0, duplicates = 0;
};

[[nodiscard]] ReferenceOutcome run_reference(const ReferenceRules& rules, const traces::Trace& trace, CostModel& cost);

}  // namespace tiersim::test
