#include "hw/collective_spec.hpp"

#include <fmt/format.h>

namespace tiersim::hw {
namespace {

using config::Fields;
using config::Range;
using config::Value;

CollectiveProtocol read_protocol(Fields& fields) {
  CollectiveProtocol out;
  out.name = fields.text("name");
  out.below = fields.bytes("below", {}, Range{1, 1e15});
  out.bandwidth = fields.bandwidth("bandwidth", {}, Range{1e6, 1e15});
  out.latency = fields.duration("latency", {}, Range{0, 1e12});
  fields.finish();
  return out;
}

}  // namespace

std::vector<CollectiveProtocol> read_protocols(Fields& collective) {
  std::vector<CollectiveProtocol> out;
  const Value* list = collective.child("protocols");
  if (list == nullptr) return out;
  if (list->kind != config::Kind::list) {
    collective.error("protocols", fmt::format("'protocols' in {}: found {}, expected a list of maps", collective.what(),
                                              config::kind_name(list->kind)));
  }
  Value resolved;
  resolved.kind = config::Kind::list;
  resolved.mark = list->mark;
  for (const Value& item : list->items) {
    Fields entry(item, fmt::format("protocol {} of {}", out.size() + 1, collective.what()), collective.diagnostics());
    CollectiveProtocol protocol = read_protocol(entry);
    if (!out.empty() && protocol.below <= out.back().below) {
      entry.error("below",
                  fmt::format("protocol '{}' is below no more than '{}' before it", protocol.name, out.back().name));
    }
    out.push_back(std::move(protocol));
    resolved.items.push_back(entry.resolved());
  }
  collective.record("protocols", std::move(resolved));
  return out;
}

}  // namespace tiersim::hw
