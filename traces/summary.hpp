#pragma once
/// What a trace is like, in numbers, and what it cannot tell: `tiersim trace info`.
///
/// Percentile p of n sorted values is x[ceil(p n)], counted from 1. Reuse is that of an infinite cache that keeps every
/// block from its first mention on. O(n log n) in requests and extents, O(references); some arrays of n and 4 bytes per
/// distinct block while it runs.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/units.hpp"
#include "traces/sharing.hpp"
#include "traces/trace.hpp"

namespace tiersim::traces {

/// Of one value per request, session or turn.
struct Distribution {
  std::uint64_t total = 0;
  double mean = 0;
  std::uint64_t p50 = 0, p90 = 0, p99 = 0, max = 0;
};

/// When requests come.
struct ArrivalSummary {
  Duration span;            ///< first to last arrival
  double rate = 0;          ///< requests per second: gaps / span; 0 without a span
  double burstiness = 0;    ///< coefficient of variation of the gaps between arrivals: 1 is Poisson
  double peak_rate = 0;     ///< requests per second in the busiest minute, counted in minutes from the first arrival
  std::uint64_t times = 0;  ///< distinct arrival times
};

/// Which requests follow one another.
struct SessionSummary {
  std::uint64_t sessions = 0;  ///< requests without a previous turn, where some have one; else 0
  std::uint64_t branches = 0;  ///< turns that follow a request which an earlier one follows already
  Distribution turns;          ///< of each session
  Distribution think_time;     ///< of the turns that follow another, ns
};

struct TraceSummary {
  Trace::Origin origin;
  std::uint64_t requests = 0;
  ArrivalSummary arrivals;
  Distribution prompt_tokens;
  Distribution output_tokens;
  SessionSummary sessions;

  std::uint32_t block_tokens = 0;
  std::uint64_t block_references = 0;  ///< over prompt and output
  std::uint64_t distinct_blocks = 0;
  std::uint64_t prompt_references = 0;  ///< to blocks that hold prompt tokens
  std::uint64_t reused_references = 0;  ///< of those, to blocks mentioned before: the best a cache of blocks can do
  std::uint64_t reusable_tokens = 0;  ///< prompt tokens in the longest prefix of blocks that earlier requests mentioned
  std::uint64_t identified_answers = 0;  ///< requests with answer tokens that blocks identify
  bool prefixes = true;                  ///< ids_are_prefixes()
  // Of prompt blocks that were used before, left empty by summarise(): rooms above this one know how to find them.
  std::optional<Distribution> reuse_interval;  ///< ns since the last use; no total
  std::optional<Distribution> reuse_distance;  ///< distinct blocks used since the last use; no total
  Sharing sharing;

  [[nodiscard]] double best_block_reuse() const;  ///< reused / prompt references; 0 without blocks
  [[nodiscard]] double best_token_reuse() const;  ///< reusable / prompt tokens
};

[[nodiscard]] TraceSummary summarise(const Trace& trace);
/// What the trace is useless for, a line each, and what to do instead where there is something.
[[nodiscard]] std::vector<std::string> limits_of(const TraceSummary& summary);
/// A screenful with the limits at its end, ending in a newline.
[[nodiscard]] std::string to_text(const TraceSummary& summary);

}  // namespace tiersim::traces
