#pragma once
/// Small random serving runs: a machine on which moving a block takes about as long as a step, traces in which
/// everything that can happen to a block happens soon, and a comparison of what two runs left behind.
///
/// Called by tests/property. Everything follows from the Rng that is passed in.
#include <string>

#include "sim/core/rng.hpp"
#include "sim/serving/simulation.hpp"
#include "traces/trace.hpp"

namespace tiersim::test {

/// A model of four small layers; a step of a few tokens takes some 100 us.
[[nodiscard]] models::ModelSpec tiny_model();
/// The same with a sliding window in three of its four layers.
[[nodiscard]] models::ModelSpec tiny_windowed_model();
/// `gpus` GPUs, host memory "dram" and a drive "ssd"; 100 KB need some 100 us on a GPU's link.
[[nodiscard]] hw::MachineSpec tiny_machine(std::int64_t gpus);
[[nodiscard]] calib::Profile tiny_profile();

/// What a random trace looks like.
struct TraceShape {
  std::int64_t requests = 12;
  std::int64_t block = 4;  ///< of the trace, tokens
  std::int64_t most_prompt = 40, most_output = 12;
  std::int64_t mean_gap = 200'000;  ///< ns between arrivals; some come together
  std::int64_t most_think = 500'000;
  bool identified = true;  ///< false: no block ids at all
};

/// Prompts that are new, repeat another, share a head with another, or extend an earlier turn with its answer (the
/// session's next turn, so `previous` is set); answers that are identified wholly, in part or not at all; prompts that
/// end at a block's end; answers of one token.
[[nodiscard]] traces::Trace random_trace(Rng& rng, const TraceShape& shape);
/// The same trace with other arrival times (which must not decrease).
[[nodiscard]] traces::Trace with_arrivals(const traces::Trace& trace, const std::vector<std::int64_t>& arrivals);

/// A whole serving run without lower tiers, on one replica and rank, as small as it gets.
[[nodiscard]] ServingSettings tiny_settings(std::int64_t block, std::int64_t frames);

/// Draws replicas, ranks, load, window, lower tiers with every option they have.
[[nodiscard]] ServingSettings random_settings(Rng& rng, const TraceShape& shape);

/// Whole numbers in [least, most].
[[nodiscard]] std::int64_t between(Rng& rng, std::int64_t least, std::int64_t most);
[[nodiscard]] bool chance(Rng& rng, double probability);

/// One line that says what a run was.
[[nodiscard]] std::string describe(const ServingSettings& settings);

/// The first difference between two runs' outcomes as text, or empty. How the steps were taken (Totals::events and
/// leapt_steps) is not part of an outcome.
[[nodiscard]] std::string difference(const ServingOutcome& a, const ServingOutcome& b);

}  // namespace tiersim::test
