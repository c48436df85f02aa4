#pragma once
/// What lies behind a drive's link: flash that reads and writes share, a write cache before it, and what it really
/// moves.
///
/// Part of a LinkSpec; read with its keys; the topology numbers them and the transfer engine charges them. A fragment
/// moves whole pages; a byte written costs write_amplification bytes of `program`, and while the flash is written with
/// the share u_w of what it takes, reads have the rest: read_iops and array times (1 - u_w). Writes go into the cache
/// at the link's rate while it has room, and leave it for the flash at no more than program / write_amplification.
/// Sizes and rates of all the drives that are striped; what one I/O sees (page, channels, write_latency) is of one.
///
/// Left out: the flash translation layer itself (where a page lies, which block is collected), what a read waits for
/// one program or erase, mapping misses, reads served from the write cache.
/// Source: closed forms of greedy garbage collection, (1 + rho) / (2 rho) under uniform random writes (Desnoyers,
/// SYSTOR 2012); MQSim's default device (FAST 2018) is their check.
#include <cstdint>

#include "sim/config/fields.hpp"
#include "sim/core/units.hpp"

namespace tiersim::hw {

struct MediaSpec {
  Bytes page{};               ///< that the flash reads and writes whole; 0: bytes
  BytesPerSecond array{};     ///< that the flash reads at
  BytesPerSecond bus{};       ///< of all channels, reads and writes together; 0: no limit
  std::int64_t channels = 0;  ///< over which the pages of one I/O spread; 0: not known
  BytesPerSecond program{};   ///< that the flash is written at, collection included; 0: nothing of this is modelled
  double write_amplification = 1;  ///< bytes written to flash for a byte that arrives there
  Bytes cache{};                   ///< that takes writes before the flash does; 0: none
  Duration write_latency{};        ///< of a write, into the cache or the flash; 0: the link's

  [[nodiscard]] bool modelled() const { return program.value() > 0; }
  /// That the flash takes of what arrives.
  [[nodiscard]] BytesPerSecond steady_write() const { return program * (1 / write_amplification); }
};

/// Amplification of uniform random writes in the steady state; `spare` is (raw - user) / user, positive.
[[nodiscard]] double random_write_amplification(double spare);

/// The keys of a drive's media, of which `known` needs none; nothing is modelled if none is given. `read` and `write`
/// are the link's rates, for what is not stated.
[[nodiscard]] MediaSpec read_media(config::Fields& fields, const MediaSpec& known, BytesPerSecond read,
                                   BytesPerSecond write);

}  // namespace tiersim::hw
