#include "hw/nic_spec.hpp"

#include <algorithm>

#include "hw/device_map.hpp"

namespace tiersim::hw {

NicSpec read_nic(config::Fields& fields) {
  using config::Range;
  NicSpec spec;
  spec.name = read_name(fields);
  spec.line_rate = fields.bandwidth("line_rate", {}, Range{1e6, 1e13});
  spec.bandwidth = fields.bandwidth("bandwidth", spec.line_rate, Range{1e6, std::max(spec.line_rate.value(), 1e6)});
  spec.latency = fields.duration("latency", {}, Range{0, 1e9});
  if (fields.has("messages_per_second")) {
    spec.messages_per_second = fields.per_second("messages_per_second", {}, Range{1, 1e12});
  }
  fields.finish();
  return spec;
}

}  // namespace tiersim::hw
