#pragma once
/// Many replays of one trace, over threads.
///
/// Called by `tiersim mrc`. Results are in the order asked for, whatever the number of threads. What needs the future
/// shares one table for each order of touch. Memory: each thread has one cache at a time.
#include <span>
#include <vector>

#include "sim/replay/replay.hpp"

namespace tiersim {

/// `threads` at least 1.
[[nodiscard]] std::vector<ReplayCounts> replay_all(const traces::Trace& trace, std::span<const ReplaySettings> replays,
                                                   std::size_t threads);

}  // namespace tiersim
