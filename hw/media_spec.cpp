#include "hw/media_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tiersim::hw {
namespace {

using config::Fields;
using config::Range;

constexpr Range kRate{1e6, 1e15};
constexpr Range kSize{1, 1e18};
constexpr Range kPage{1, 1 << 24};
constexpr Range kMostChannels{1, 1024};
constexpr Range kDelay{1, 1e12};
constexpr Range kSpare{0.001, 1};
constexpr Range kAmplification{1, 100};

bool any_given(Fields& fields) {
  constexpr std::array kKeys = {
      "page",         "array_read",  "bus",          "channels", "program", "write_amplification", "over_provisioning",
      "stream_aware", "write_cache", "write_latency"};
  bool any = false;
  for (const char* key : kKeys) any |= fields.has(key);
  return any;
}

/// A factor that is given, or what over-provisioning makes of random writes, or 1 for writes that die together.
double read_amplification(Fields& fields, const MediaSpec& known) {
  const bool factor = fields.has("write_amplification"), spare = fields.has("over_provisioning");
  if (factor && (spare || fields.has("stream_aware"))) {
    fields.error(
        "write_amplification",
        fmt::format("'write_amplification' excludes 'over_provisioning' and 'stream_aware' in {}", fields.what()));
  }
  const bool streams = fields.has("stream_aware") && fields.flag("stream_aware");
  const double random =
      spare ? random_write_amplification(fields.fraction("over_provisioning", {}, kSpare)) : known.write_amplification;
  if (streams) return 1;
  if (spare || (!factor && random == 1)) return random;
  return fields.number("write_amplification", random, kAmplification);
}

void read_cache(Fields& fields, const MediaSpec& known, MediaSpec& out) {
  if (!fields.has("write_cache") && known.cache == Bytes(0)) return;
  if (!fields.has("program") && !known.modelled()) {
    fields.error("write_cache", fmt::format("'write_cache' without 'program' in {}", fields.what()))
        .notes.emplace_back(
            "a cache needs the rate at which the flash behind it is written, such as program: 1.4 GB/s");
  }
  out.cache = fields.bytes("write_cache", known.cache, kSize);
}

}  // namespace

double random_write_amplification(double spare) { return std::max(1.0, (1 + spare) / (2 * spare)); }

MediaSpec read_media(config::Fields& fields, const MediaSpec& known, BytesPerSecond read, BytesPerSecond write) {
  MediaSpec out;
  if (!any_given(fields) && !known.modelled()) return out;
  if (fields.has("page") || known.page > Bytes(0)) out.page = fields.bytes("page", known.page, kPage);
  out.array = fields.bandwidth("array_read", known.modelled() ? known.array : read, kRate);
  if (fields.has("bus") || known.bus.value() > 0) out.bus = fields.bandwidth("bus", known.bus, kRate);
  if (fields.has("channels") || known.channels > 0)
    out.channels = fields.count("channels", known.channels, kMostChannels);
  read_cache(fields, known, out);
  if (fields.has("write_latency") || known.write_latency > Duration(0))
    out.write_latency = fields.duration("write_latency", known.write_latency, kDelay);
  out.program = fields.bandwidth("program", known.modelled() ? known.program : write, kRate);
  out.write_amplification = read_amplification(fields, known);
  return out;
}

}  // namespace tiersim::hw
