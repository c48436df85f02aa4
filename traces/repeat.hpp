#pragma once
/// Traces made of another: its beginning, or itself twice.
#include "traces/trace.hpp"

namespace tiersim::traces {

/// The first n requests (n <= size()). Ids stay dense, as they were given in first-touch order. O(n).
[[nodiscard]] Trace first_requests(const Trace& trace, std::size_t n);
/// The trace, and again from `gap` after its last arrival, with the same blocks: the first pass warms the caches.
/// O(size).
[[nodiscard]] Trace repeated(const Trace& trace, Duration gap);

}  // namespace tiersim::traces
