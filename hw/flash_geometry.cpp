#include "hw/flash_geometry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/config/units_text.hpp"

namespace tiersim::hw {
namespace {

using config::Fields;
using config::Range;

constexpr Range kFew{1, 1024};
constexpr Range kMany{1, 1 << 24};
constexpr Range kPage{512, 1 << 24};
constexpr Range kRate{1e6, 1e12};
constexpr Range kTime{1, 1e9};
constexpr double kMostOff = 0.05;
constexpr double kMostBytes = 1e18;

/// All planes at once, a page each, every so often.
BytesPerSecond planes_rate(const FlashGeometry& flash, double nanoseconds) {
  const double at_once = static_cast<double>(flash.all_dies() * flash.planes) * static_cast<double>(flash.page.value());
  return BytesPerSecond(at_once / nanoseconds * 1e9);
}

double ns(Duration d) { return static_cast<double>(d.value()); }

void warn_if_off(Fields& drive, std::string_view key, double stated, double derived, const std::string& text) {
  if (!drive.has(key) || std::abs(stated / derived - 1) <= kMostOff) return;
  drive.diagnostics()
      .warning(drive.mark_of(key), fmt::format("'{}' in {} is not what its 'flash' gives: {}", key, drive.what(), text))
      .notes.emplace_back("what is stated counts; leave it out for what the flash gives");
}

}  // namespace

Bytes FlashGeometry::raw() const { return page * (all_dies() * planes * blocks * pages); }

BytesPerSecond FlashGeometry::array_read() const { return planes_rate(*this, ns(read_time)); }

BytesPerSecond FlashGeometry::program() const {
  return planes_rate(*this, ns(program_time) + ns(erase_time) / static_cast<double>(pages));
}

double FlashGeometry::read_iops() const { return static_cast<double>(all_dies()) / ns(read_time) * 1e9; }

Duration FlashGeometry::page_latency() const {
  return read_time + Duration(std::llround((page / channel_rate).value() * 1e9));
}

FlashGeometry read_flash(config::Fields& fields) {
  FlashGeometry flash;
  flash.channels = fields.count("channels", {}, kFew);
  flash.chips = fields.count("chips", {}, kFew);
  flash.dies = fields.count("dies", {}, kFew);
  flash.planes = fields.count("planes", {}, kFew);
  flash.blocks = fields.count("blocks", {}, kMany);
  flash.pages = fields.count("pages", {}, kMany);
  flash.page = fields.bytes("page", {}, kPage);
  flash.channel_rate = fields.bandwidth("channel_rate", {}, kRate);
  flash.read_time = fields.duration("read_time", {}, kTime);
  flash.program_time = fields.duration("program_time", {}, kTime);
  flash.erase_time = fields.duration("erase_time", {}, kTime);
  if (fields.has("interface")) flash.interface = fields.bandwidth("interface", {}, kRate);
  const double raw = static_cast<double>(flash.all_dies() * flash.planes) * static_cast<double>(flash.page.value()) *
                     static_cast<double>(flash.blocks * flash.pages);
  if (raw > kMostBytes)
    fields.error("blocks",
                 fmt::format("{} has {:.3g} bytes, at most {:.0g} are supported", fields.what(), raw, kMostBytes));
  fields.finish();
  return flash;
}

LinkSpec link_of(const FlashGeometry& flash, Bytes capacity, bool cached) {
  const BytesPerSecond outside = flash.interface.value() > 0 ? flash.interface : flash.bus();
  LinkSpec link;
  link.bandwidth = std::min({outside, flash.bus(), flash.array_read()});
  link.bandwidth_down = cached ? outside : std::min({outside, flash.bus(), flash.program()});
  link.latency = flash.read_time;
  link.single_stream = flash.channel_rate;
  link.read_iops = flash.read_iops();
  MediaSpec& media = link.media;
  media.page = flash.page;
  media.array = flash.array_read();
  media.bus = flash.bus();
  media.channels = flash.channels;
  media.program = flash.program();
  if (!cached) media.write_latency = flash.program_time;
  const double spare = static_cast<double>(flash.raw().value()) / static_cast<double>(capacity.value()) - 1;
  if (spare > 0) media.write_amplification = random_write_amplification(spare);
  return link;
}

void check_flash(config::Fields& drive, const FlashGeometry& flash, const LinkSpec& stated, Bytes capacity,
                 bool cached) {
  const LinkSpec own = link_of(flash, capacity, cached);
  warn_if_off(drive, "read", stated.bandwidth.value(), own.bandwidth.value(), config::text_of(own.bandwidth));
  warn_if_off(drive, "write", stated.bandwidth_down.value(), own.bandwidth_down.value(),
              config::text_of(own.bandwidth_down));
  warn_if_off(drive, "read_iops", stated.read_iops, own.read_iops, fmt::format("{:.0f}/s", own.read_iops));
  warn_if_off(drive, "program", stated.media.program.value(), own.media.program.value(),
              config::text_of(own.media.program));
  if (stated.media.write_amplification > 1) {
    warn_if_off(drive, "over_provisioning", stated.media.write_amplification, own.media.write_amplification,
                fmt::format("{:.2f} bytes written for each", own.media.write_amplification));
  }
  if (capacity <= flash.raw()) return;
  drive.error("capacity", fmt::format("'capacity' in {} is {}, but its 'flash' has {}", drive.what(),
                                      config::text_of(capacity), config::text_of(flash.raw())));
}

}  // namespace tiersim::hw
