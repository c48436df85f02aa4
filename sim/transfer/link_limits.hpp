#pragma once
/// What one flow can get of one direction of a link, and what it costs the others there.
///
/// Called by the transfer engine once per flow and link. Of a flow of n fragments of x bytes, the bytes move in
///   queue      max(n / queue_depth, 1) * (latency + x / single_stream) - latency    (the latency was waited in set-up)
///   rate       n / iops
///   bandwidth  bytes / (bandwidth * x / (x + half_size))
/// whichever is longest, or their p-norm with a ridge p; the ceiling is bytes over that time. A flow that holds its
/// fragments' share of the iops leaves less for the bytes of others: its weight is max(1, bandwidth / (iops * x)), or
/// the same with the ridge, so that flows together exceed neither bandwidth nor iops. O(1).
#include "hw/topology.hpp"

namespace tiersim {

/// Rates are bytes per nanosecond, so that whole GB/s times whole nanoseconds are exact.
[[nodiscard]] inline double per_nanosecond(BytesPerSecond rate) { return rate.value() / 1e9; }

struct LinkLimits {
  double ceiling = 0;  ///< bytes per nanosecond
  double weight = 1;   ///< of its rate, in the use of the direction's bandwidth
};

/// `bytes` and `operations` positive.
[[nodiscard]] LinkLimits limits_of(const hw::DirectedLink& link, double bytes, double operations);

}  // namespace tiersim
