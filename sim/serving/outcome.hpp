#pragma once
/// What a serving run leaves behind: per request, per replica, per tier, over time. Plain data; report makes metrics of
/// it.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/units.hpp"
#include "sim/cost/cost_model.hpp"
#include "sim/memory/hierarchy.hpp"
#include "sim/transfer/transfer_engine.hpp"

namespace tiersim {

enum class RequestStatus : std::uint8_t { pending, completed, rejected };
enum class RejectReason : std::uint8_t { none, never_fits, context_too_long };

/// One admission's view of where the prompt came from, in tokens. Sum of all fields = prompt tokens.
struct PromptSources {
  std::array<std::uint32_t, kMaxTiers> tier{};  ///< found in tier i
  std::uint32_t recomputed = 0;                 ///< computed before (by anyone), computed again
  std::uint32_t fresh = 0;                      ///< never computed before, and what can never be reused
};

struct RequestOutcome {
  Time arrival{-1};    ///< -1 here and below: it has not happened
  Time scheduled{-1};  ///< first admitted to the batch
  Time first_token{-1};
  Time last_token{-1};
  Duration load_wait;  ///< in the loading state, before it was first scheduled
  std::uint32_t prompt = 0, output = 0;
  std::uint32_t preemptions = 0;
  std::uint32_t recomputed_after_preemption = 0;  ///< tokens
  std::uint16_t replica = 0;
  RequestStatus status = RequestStatus::pending;
  RejectReason reason = RejectReason::none;
  bool measured = true;  ///< inside the measurement window
  bool admitted = false;
  std::uint32_t wanted_blocks = 0;  ///< full prompt blocks that a cache could hold, first admission
  PromptSources first, final;
};

/// A value that occurred `count` times.
struct WeightedSample {
  std::int64_t value = 0;
  std::uint32_t count = 0;
};

/// Running totals; the difference of two of them is what happened in between.
struct Totals {
  Time at;
  std::int64_t steps = 0, leapt_steps = 0, events = 0;
  std::int64_t tokens_out = 0, tokens_prefilled = 0;
  StepTime busy;               ///< over replicas, within steps
  Duration stepping;           ///< wall of the simulated clock inside steps, waits included, over replicas
  Duration step_waits;         ///< of those, waiting for loads or write-backs inside a step
  Duration waiting_for_loads;  ///< no step, but some request loading, over replicas
  std::int64_t preemptions = 0, recomputed_tokens = 0;
  std::int64_t loads = 0, lost_loads = 0, declined_loads = 0;
  Duration load_wait, load_saved;                  ///< sums over loads: time waited, prefill time that they replaced
  Duration lost_time;                              ///< sum over lost loads of wait - saved
  std::array<std::int64_t, kMissCauses> misses{};  ///< blocks, first admissions; preemption: at later ones
  std::array<std::int64_t, kMaxTiers> tier_lost_loads{};  ///< lost loads by the slowest tier they came from
  std::array<TierUse, kMaxTiers> tiers{};
  std::array<std::int64_t, kMaxTiers> evicted{};  ///< named blocks, by tier
  std::vector<LinkUse> links;
};

/// One row of the time series.
struct SeriesPoint {
  Time at;
  std::int64_t running = 0, waiting = 0, loading = 0;
  std::array<std::int64_t, kMaxTiers> resident{};     ///< named blocks by tier
  std::int64_t hbm_referenced = 0;                    ///< frames in use
  std::int64_t tokens_out = 0, tokens_prefilled = 0;  ///< running totals
};

struct ServingOutcome {
  std::vector<RequestOutcome> requests;  ///< by RequestId
  std::vector<WeightedSample> gaps;      ///< between consecutive tokens, ns, inside the window
  Totals begin, end;                     ///< of the measurement window
  Totals whole;                          ///< of the run
  std::vector<SeriesPoint> series;
  std::vector<std::int64_t> hbm_capacity;   ///< frames, by replica
  std::vector<std::int64_t> tier_capacity;  ///< engine blocks, by tier (0: HBM of all replicas)
  bool finished = true;                     ///< false: stopped before every request was done
};

}  // namespace tiersim
