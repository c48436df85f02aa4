#include "hw/cpu_spec.hpp"

#include "hw/device_map.hpp"

namespace tiersim::hw {

CpuSpec read_cpu(config::Fields& fields) {
  using config::Range;
  CpuSpec spec;
  spec.name = read_name(fields);
  spec.cores = fields.count("cores", {}, Range{1, 1e6});
  spec.memory_channels = fields.count("memory_channels", {}, Range{1, 1e3});
  spec.channel_bandwidth = fields.bandwidth("channel_bandwidth", {}, Range{1e6, 1e13});
  spec.memory_efficiency = fields.fraction("memory_efficiency", spec.memory_efficiency, Range{0.01, 1});
  spec.memory_latency = fields.duration("memory_latency", Duration(100), Range{0, 1e12});
  if (fields.has("watts")) spec.watts = fields.power("watts", {}, Range{0, 1e6});
  fields.finish();
  return spec;
}

}  // namespace tiersim::hw
