#pragma once
/// Traces made of another: its beginning, itself twice, or the same at other times.
#include <span>

#include "traces/trace.hpp"

namespace tiersim::traces {

/// The first n requests (n <= size()). Ids stay dense, as they were given in first-touch order. O(n).
[[nodiscard]] Trace first_requests(const Trace& trace, std::size_t n);
/// How many requests from the first on mention at most so many blocks together: cut before the one that would pass it.
/// O(size).
[[nodiscard]] std::size_t requests_within(const Trace& trace, std::uint64_t references);
/// The trace, and again from `gap` after its last arrival, with the same blocks: the first pass warms the caches.
/// O(size).
[[nodiscard]] Trace repeated(const Trace& trace, Duration gap);
/// The same requests, arriving at these times (ascending, one a request). O(size).
[[nodiscard]] Trace arriving_at(const Trace& trace, std::span<const Time> arrivals);

}  // namespace tiersim::traces
