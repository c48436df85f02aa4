#pragma once
/// What one flow can get of one direction of a link, and what it costs the others there.
///
/// Called by the transfer engine once per flow and link. Of a flow of n fragments of x bytes, the bytes move in
///   queue      max(n / queue_depth, 1) * (latency + x / single_stream) - latency    (the latency was waited in set-up)
///   rate       n / iops
///   bandwidth  bytes / (bandwidth * x / (x + half_size))
/// whichever is longest, or their p-norm with a ridge p; the ceiling is bytes over that time. A flow that holds its
/// fragments' share of the iops leaves less for the bytes of others: its weight is max(1, bandwidth / (iops * x)), or
/// the same with the ridge, so that flows together exceed neither bandwidth nor iops.
///
/// Behind a drive's link its media (hw/media_spec.hpp) are two more capacities that reads and writes share, the flash
/// array and the channels' bus. A byte of a flow whose fragments are x bytes in whole pages of d bytes uses of the
/// array d / x (a read; with the share of the iops as above) or d / x * write_amplification * array / program (a
/// write), and of the bus 1 (a read) or d / x * write_amplification (a write). One I/O's bytes move at
/// single_stream times the channels that its pages spread over, where the channels are known. O(1).
#include "hw/topology.hpp"

namespace tiersim {

/// Rates are bytes per nanosecond, so that whole GB/s times whole nanoseconds are exact.
[[nodiscard]] inline double per_nanosecond(BytesPerSecond rate) { return rate.value() / 1e9; }

struct LinkLimits {
  double ceiling = 0;  ///< bytes per nanosecond
  double weight = 1;   ///< of its rate, in the use of the direction's bandwidth
};

/// `bytes` and `operations` positive. `media` are those behind the link, or null.
[[nodiscard]] LinkLimits limits_of(const hw::DirectedLink& link, double bytes, double operations,
                                   const hw::MediaSpec* media = nullptr);

/// What a byte of a flow uses of the media's capacities.
struct MediaUse {
  double array = 0, bus = 0;
};
[[nodiscard]] MediaUse media_use(const hw::DirectedLink& link, const hw::MediaSpec& media, double bytes,
                                 double operations);
/// The same of a byte of whole pages on its way from the write cache into the flash.
[[nodiscard]] MediaUse drain_use(const hw::MediaSpec& media);

/// What fragments of bytes / operations, as even as integers allow, move in whole pages.
[[nodiscard]] Bytes in_pages(Bytes page, Bytes bytes, Operations operations);

}  // namespace tiersim
