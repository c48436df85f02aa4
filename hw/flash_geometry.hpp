#pragma once
/// A drive by its insides: channels, chips, dies, planes, pages and their times; and the caps that follow from them.
///
/// Read from a drive's `flash` by read_drive, which takes the caps for what the drive does not state. O(1).
///
///   dies       channels * chips * dies a chip
///   bus        channels * channel_rate
///   array read dies * planes * page / read_time
///   program    dies * planes * page / (program_time + erase_time / pages a block)
///   read IOPS  dies / read_time                            (a small read takes one plane of one die)
///   one page   read_time + page / channel_rate             (an I/O of more pages spreads over the channels)
/// Bytes on the bus are those asked for; the array reads and writes whole pages. Left out: commands on the bus, which
/// die a page lies on (all are equally busy), suspended programs and erases.
/// Source: MQSim (FAST 2018), whose default device is hw/devices/mqsim-default.yaml.
#include <cstdint>
#include <optional>

#include "hw/link_spec.hpp"
#include "sim/config/fields.hpp"
#include "sim/core/units.hpp"

namespace tiersim::hw {

struct FlashGeometry {
  std::int64_t channels = 0;
  std::int64_t chips = 0;   ///< a channel
  std::int64_t dies = 0;    ///< a chip
  std::int64_t planes = 0;  ///< of a die, that work at once
  std::int64_t blocks = 0;  ///< a plane
  std::int64_t pages = 0;   ///< a block
  Bytes page{};
  BytesPerSecond channel_rate{};
  Duration read_time{}, program_time{}, erase_time{};
  BytesPerSecond interface {};  ///< of the drive to the host, each way; 0: the bus

  [[nodiscard]] std::int64_t all_dies() const { return channels * chips * dies; }
  [[nodiscard]] Bytes raw() const;
  [[nodiscard]] BytesPerSecond bus() const { return channel_rate * static_cast<double>(channels); }
  [[nodiscard]] BytesPerSecond array_read() const;
  [[nodiscard]] BytesPerSecond program() const;
  [[nodiscard]] double read_iops() const;
  [[nodiscard]] Duration page_latency() const;
};

/// The keys of `flash`; finish() is called.
[[nodiscard]] FlashGeometry read_flash(config::Fields& fields);

/// What the drive's link is where it states nothing else. Writes reach the interface's rate into a `cached` drive, the
/// flash's rate into another. `capacity` is what is sold of the raw bytes.
[[nodiscard]] LinkSpec link_of(const FlashGeometry& flash, Bytes capacity, bool cached);

/// Says where the drive states caps that are more than 5% off what its insides give (a warning), or more bytes than
/// they have (an error).
void check_flash(config::Fields& drive, const FlashGeometry& flash, const LinkSpec& stated, Bytes capacity,
                 bool cached);

}  // namespace tiersim::hw
