#pragma once
/// Both directions of one physical link: rates, latency, what fragments cost, and a drive's caps.
///
/// Read by read_machine and by what reads drives; the topology makes two directed links of it. Rates are per direction.
/// Reading costs O(keys); errors go to the fields' diagnostics.
#include <cstdint>
#include <string_view>

#include "hw/media_spec.hpp"
#include "sim/config/fields.hpp"
#include "sim/core/units.hpp"

namespace tiersim::hw {

enum class Sharing { fifo, fair };

/// A flow pays latency once, per_operation for each fragment, and its bytes at its rate; a fragment of x bytes reaches
/// the share x / (x + half_size) of the bandwidth.
///
/// Drives have four caps instead (queueing with caps): the rate of a flow of fragments of x bytes is at most
///   queue_depth * x / (latency + x / single_stream),   iops * x,   bandwidth,   what the links above leave,
/// and flows together at most iops and bandwidth of the direction. Where the drive says what lies behind them, `media`
/// bounds both directions together (hw/media_spec.hpp).
///
/// A link between a GPU and pageable host memory copies its bytes once more inside the host, at `staging`, before they
/// leave or after they come: the link moves at no more than that, and each byte is read and written in DRAM once more.
struct LinkSpec {
  BytesPerSecond bandwidth{};       ///< upward: towards the GPUs (host to device, drive read)
  BytesPerSecond bandwidth_down{};  ///< the other direction (device to host, drive write)
  BytesPerSecond duplex_cap{0};     ///< of the sum of both directions; 0: none
  Duration latency{};
  Duration per_operation{};
  Bytes half_size{};
  Sharing sharing = Sharing::fair;
  std::int64_t queue_depth = 0;     ///< I/Os that one flow keeps in flight; 0: all that it has
  BytesPerSecond single_stream{0};  ///< of one large I/O at a time, without its latency; 0: the bandwidth's alone
  double read_iops = 0;             ///< per second, upward; 0: no such cap
  double write_iops = 0;            ///< the other direction
  double ridge = 0;                 ///< p >= 1 of a smooth minimum, (sum over caps of time^p)^(1/p); 0: the least
  MediaSpec media{};                ///< of a drive that states it
  BytesPerSecond staging{0};        ///< of a GPU's link: pageable host memory is copied at; 0: it is pinned
};

/// The keys of a link, whose two directions have these names; finish() is left to the caller. What `base` has needs no
/// key. The media's keys are read where `drive` says so.
[[nodiscard]] LinkSpec read_link(config::Fields& fields, std::string_view up, std::string_view down, Sharing sharing,
                                 const LinkSpec* base = nullptr, bool drive = false);

}  // namespace tiersim::hw
