#pragma once
/// What the figures of a run amount to: whether the load was borne, what limits each tier, and what to do next.
///
/// Called by make_report(). Every rule stands here, once.
///
/// Stability. The loaded span is the window up to the last arrival (what drains afterwards tells nothing), in quarters
/// q1..q4, each with its mean queue: requests that have arrived and are not yet in the batch, loading ones included,
/// exact from their times. The queue grew if q4 - q1 >= max(4, seats/20), seats being replicas x max_sequences.
/// It peaked if its highest quarter exceeds its lowest by as much, and a queue as long as that quarter's would take
/// more than 5 s and more than 1/50 of the span to serve at the rate at which requests completed: by Little's law that
/// is the mean wait of a request that arrived then, so that a short burst under a light load is no peak.
///   overloaded  it grew, and what is queued when the span ends would take more than a tenth of the span to serve at
///               that rate: percentiles measure the backlog, not the system
///   backlogged  it grew from each quarter to the next, but less; or it peaked
///   unknown     fewer than 40 arrivals in the window; or a closed loop, where no queue can grow
///   stable      otherwise
///
/// Without a measured request, or with all of them rejected, a warning says so and nothing else is said.
///
/// Tiers. Of the blocks looked up in a tier and not found there, a share is found further down or had been evicted from
/// everywhere (capacity), a share was turned away (policy), had been computed by another replica alone (policy, for
/// HBM), or was never seen. The first that holds:
///   bandwidth   5% of the tier's loads were lost, or a direction of its link is busy 80% of the window, or 5% of its
///               misses had been turned away although its admission takes everything (writes were behind)
///   policy      5% of its misses had been turned away by its admission, or were held by another replica alone
///   capacity    5% of its misses, and 1% of the blocks wanted, would have been found in a larger tier; for HBM also:
///               1% of the tokens prefilled had been lost to preemptions
///   compute     the GPUs are busy 90% of the window, with a request a replica in the queue: more cache would not help
///   nothing     otherwise
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "sim/report/metrics.hpp"
#include "sim/report/result.hpp"

namespace tiersim {

enum class Stability { unknown, stable, backlogged, overloaded };
[[nodiscard]] std::string_view word_of(Stability stability);

struct StabilityVerdict {
  Stability state = Stability::unknown;
  std::array<double, 4> queue{};  ///< mean of each quarter of the loaded span, requests
  double clearing = 0;            ///< s: what is queued at the span's end, at the rate of completions
  double peak_clearing = 0;       ///< s: the same for the highest quarter's mean
  double borne = 1;               ///< share of the arrivals of the span that completed inside it
  std::string text;               ///< one sentence; empty if no request entered the queue
};

enum class TierLimit { nothing, capacity, policy, bandwidth, compute };
[[nodiscard]] std::string_view word_of(TierLimit limit);

struct TierVerdict {
  std::string tier;
  TierLimit limit = TierLimit::nothing;
  std::string figure;  ///< "71% of its misses are found below, 4% had been evicted"
  std::string advice;  ///< "try hierarchy.dram.capacity: 2 TiB", or empty
  [[nodiscard]] std::string text() const;
};

[[nodiscard]] StabilityVerdict stability_of(const RunResult& run);
[[nodiscard]] std::vector<TierVerdict> tier_verdicts(const RunResult& run, const Metrics& metrics);
/// What the reader must not miss, each with what to do next.
[[nodiscard]] std::vector<std::string> warnings_of(const RunResult& run, const Metrics& metrics,
                                                   const StabilityVerdict& stability);

}  // namespace tiersim
