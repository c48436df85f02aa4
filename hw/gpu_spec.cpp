#include "hw/gpu_spec.hpp"

#include <algorithm>
#include <array>

#include "hw/device_map.hpp"

namespace tiersim::hw {
namespace {

using config::Fields;
using config::Range;

constexpr Range kCompute{1e6, 1e21};
constexpr Range kSize{1, 1e18};
constexpr double kIdleShare = 0.15;  // assumed; boards with stacked memory draw 10 to 20% of their limit when idle

// Keys that not every device has are read where they are given: the others are not shown in a resolved machine.

void read_peaks(Fields& fields, GpuSpec& spec) {
  const auto peak = [&](std::string_view key, FlopsPerSecond& to) {
    if (fields.has(key)) to = fields.compute(key, {}, kCompute);
  };
  peak("dense_fp32", spec.dense_fp32);
  peak("dense_tf32", spec.dense_tf32);
  const bool has_fp16 = fields.has("dense_fp16");
  if (fields.has("dense_bf16") || !has_fp16) spec.dense_bf16 = fields.compute("dense_bf16", {}, kCompute);
  spec.dense_fp16 = has_fp16 ? fields.compute("dense_fp16", {}, kCompute) : spec.dense_bf16;
  spec.dense_fp8 = fields.compute("dense_fp8", FlopsPerSecond(0), Range{0, kCompute.high});
  peak("dense_int8", spec.dense_int8);
  peak("dense_fp4", spec.dense_fp4);
}

void read_links(Fields& fields, GpuSpec& spec) {
  constexpr Range kLink{1e6, 1e15};
  if (fields.has("nvlink_bandwidth")) spec.nvlink_bandwidth = fields.bandwidth("nvlink_bandwidth", {}, kLink);
  if (fields.has("host_bandwidth")) spec.host_bandwidth = fields.bandwidth("host_bandwidth", {}, kLink);
  const bool has_pcie = fields.has("pcie_generation"), has_lanes = fields.has("pcie_lanes");
  if (!has_pcie && !has_lanes) return;
  spec.pcie_generation = fields.count("pcie_generation", {}, Range{1, 7});
  spec.pcie_lanes = fields.count("pcie_lanes", {}, Range{1, 32});
}

void read_power_and_price(Fields& fields, GpuSpec& spec) {
  if (fields.has("watts") || fields.has("idle_watts")) {
    spec.watts = fields.power("watts", {}, Range{0, 1e6});
    spec.idle_watts = fields.power("idle_watts", spec.watts * kIdleShare, Range{0, std::max(spec.watts.value(), 1e-3)});
  }
  if (fields.has("price_per_hour")) spec.price_per_hour = fields.money("price_per_hour", {}, Range{0, 1e6});
}

}  // namespace

FlopsPerSecond GpuSpec::peak(NumberType type) const {
  switch (type) {
    case NumberType::fp32:
      return dense_fp32;
    case NumberType::tf32:
      return dense_tf32;
    case NumberType::bf16:
      return dense_bf16;
    case NumberType::fp16:
      return dense_fp16;
    case NumberType::fp8:
      return dense_fp8;
    case NumberType::int8:
      return dense_int8;
    case NumberType::fp4:
      return dense_fp4;
  }
  return FlopsPerSecond(0);
}

BytesPerSecond GpuSpec::host_link_peak() const {
  return std::max(host_bandwidth, pcie_bandwidth(pcie_generation, pcie_lanes));
}

BytesPerSecond pcie_bandwidth(std::int64_t generation, std::int64_t lanes) {
  constexpr std::array kLane = {0.0, 0.25e9, 0.5e9, 1e9, 2e9, 4e9, 8e9, 16e9};  // by generation: 2.5 to 128 GT/s
  return BytesPerSecond(kLane[static_cast<std::size_t>(generation)] * static_cast<double>(lanes));
}

GpuSpec read_gpu(Fields& fields) {
  GpuSpec spec;
  spec.name = read_name(fields);
  read_peaks(fields, spec);
  spec.memory = fields.bytes("memory", {}, kSize);
  spec.memory_bandwidth = fields.bandwidth("memory_bandwidth", {}, Range{1e6, 1e18});
  spec.l2 = fields.bytes("l2", {}, kSize);
  spec.sms = fields.count("sms", {}, Range{1, 1e6});
  if (fields.has("shared_memory_per_sm")) spec.shared_memory_per_sm = fields.bytes("shared_memory_per_sm", {}, kSize);
  spec.mixed_attention_tile = fields.count("mixed_attention_tile", 0, Range{0, 1024});
  read_links(fields, spec);
  read_power_and_price(fields, spec);
  fields.finish();
  return spec;
}

}  // namespace tiersim::hw
