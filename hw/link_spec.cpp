#include "hw/link_spec.hpp"

#include <optional>
#include <string>

namespace tiersim::hw {
namespace {

using config::Fields;
using config::Range;

// What a clock of 64-bit nanoseconds and a graph of routes can bear; far beyond any machine.
constexpr Range kRate{1e6, 1e15};
constexpr Range kRateOrNone{0, 1e15};
constexpr Range kDelay{0, 1e12};
constexpr Range kQueue{1, 1e9};
constexpr Range kIops{1, 1e15};
constexpr Range kRidge{1, 1e3};

/// The caps of a drive. Only those that the map or `known` has are read: what no link needs is not shown for each.
void read_drive_caps(Fields& fields, const LinkSpec& known, LinkSpec& out) {
  const auto wanted = [&](std::string_view key, bool is_known) { return fields.has(key) || is_known; };
  if (wanted("queue_depth", known.queue_depth > 0)) {
    out.queue_depth = fields.count("queue_depth", known.queue_depth, kQueue);
  }
  if (wanted("single_stream", known.single_stream.value() > 0)) {
    out.single_stream = fields.bandwidth("single_stream", known.single_stream, kRate);
  }
  if (wanted("read_iops", known.read_iops > 0)) {
    out.read_iops = fields.per_second("read_iops", known.read_iops, kIops);
  }
  if (wanted("write_iops", known.write_iops > 0)) {
    out.write_iops = fields.per_second("write_iops", known.write_iops, kIops);
  }
  if (wanted("ridge", known.ridge > 0)) out.ridge = fields.number("ridge", known.ridge, kRidge);
}

}  // namespace

LinkSpec read_link(Fields& fields, std::string_view up, std::string_view down, Sharing sharing, const LinkSpec* base,
                   bool drive) {
  const LinkSpec known = base == nullptr ? LinkSpec{.sharing = sharing} : *base;
  const auto if_known = [&](auto value) { return base == nullptr ? std::nullopt : std::optional(value); };
  LinkSpec out;
  out.bandwidth = fields.bandwidth(up, if_known(known.bandwidth), kRate);
  out.bandwidth_down = fields.bandwidth(down, if_known(known.bandwidth_down), kRate);
  out.duplex_cap = fields.bandwidth("duplex_cap", known.duplex_cap, kRateOrNone);
  out.latency = fields.duration("latency", if_known(known.latency), kDelay);
  out.per_operation = fields.duration("per_operation", known.per_operation, kDelay);
  out.half_size = fields.bytes("half_size", known.half_size, Range{0, 1e15});
  const std::string word =
      fields.choice("sharing", {"fifo", "fair"}, std::string(known.sharing == Sharing::fifo ? "fifo" : "fair"));
  out.sharing = word == "fifo" ? Sharing::fifo : Sharing::fair;
  read_drive_caps(fields, known, out);
  if (drive) out.media = read_media(fields, known.media, out.bandwidth, out.bandwidth_down);
  return out;
}

}  // namespace tiersim::hw
