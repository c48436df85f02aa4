#pragma once
/// How long blocks wait for their next use, and what keeping each block for a fixed time would hit and hold: one pass
/// over a trace, no cache, no capacity.
///
/// Called by `tiersim reuse` and `tiersim trace info`. A use is a mention of a block in a request, at the request's
/// arrival; identified answers are uses too, but ask for nothing: intervals and hits are of prompt blocks. A block that
/// is kept for the window w after its last use is a hit if it is used again within w, w included; nothing else makes it
/// leave. Every mention counts for itself. On traces of prefixes that is also the longest kept prefix: whoever uses a
/// block uses its ancestors, so these have never waited longer. With the trace's span as window it is an infinite
/// cache.
///
/// Blocks held are counted from the first arrival to the last: their mean over that time, and the most at any instant,
/// both of the trace itself and not of a sample. O(blocks mentioned) plus O(windows) a stretch of blocks that were last
/// used together; 4 B a block and 8 B a request. Deterministic. Source: Denning, The working set model for program
/// behavior, 1968, for blocks instead of pages; means add up intervals, each cut at the window.
#include <cstdint>
#include <span>
#include <vector>

#include "sim/replay/interval_histogram.hpp"
#include "sim/replay/replay.hpp"
#include "traces/trace.hpp"

namespace tiersim {

/// What keeping every block for `window` after its last use comes to.
struct Retention {
  Duration window;
  ReplayCounts counts{};          ///< of prompts
  double mean_blocks = 0;         ///< held, over the trace's span; 0 where all requests come at once
  std::uint64_t peak_blocks = 0;  ///< at one instant
};

struct ReuseIntervals {
  Duration span;                     ///< first to last arrival
  std::uint64_t prompt_uses = 0;     ///< of blocks, first uses included
  IntervalHistogram intervals;       ///< of prompt uses that are not the block's first
  std::vector<Retention> retention;  ///< by window, as asked for
};

/// Windows at least 0.
[[nodiscard]] ReuseIntervals reuse_intervals(const traces::Trace& trace, std::span<const Duration> windows);

}  // namespace tiersim
