#pragma once
/// How long a computational storage drive takes for an operation beside its flash, and what that is worth.
///
/// Called by whoever moves work into drives: bytes and FLOPs in, time out; what they mean is the caller's. O(1), no
/// state, no errors: a rate that the engine does not state (0) bounds nothing.
///
///   time = command latency + max(flash bytes / internal bandwidth, filtered bytes / filter rate, FLOPs / compute,
///                                softmax elements / softmax rate, board DRAM bytes / its bandwidth)
///          + result bytes / peer-to-peer bandwidth
/// Pages stream through filter and engine while the next ones are read, so that the slowest of them counts. Work is
/// spread evenly over the engines. Left out: the first page's way through the pipeline, other reads of the same flash.
/// Source: InstAttention (HPCA 2025), whose figures are hw/devices/instinfer-csd-2tb.yaml.
#include <cstdint>

#include "hw/storage_spec.hpp"
#include "sim/core/units.hpp"

namespace tiersim::hw {

/// Of all engines together.
struct InStorageWork {
  Bytes flash{};     ///< read from flash
  Bytes filtered{};  ///< that pass the filters
  Flops compute{};
  double softmax_elements = 0;
  Bytes memory{};  ///< moved in the boards' DRAM
  Bytes result{};  ///< to the GPU
};

/// `engine.count` positive.
[[nodiscard]] Seconds in_storage_time(const EngineSpec& engine, const InStorageWork& work);

/// How many times faster the drive reads its flash for itself (all engines, channel efficiency included) than over the
/// way out, `external` (positive); it is worth computing in it iff this is above 1.
[[nodiscard]] double in_storage_gain(const EngineSpec& engine, BytesPerSecond external);

/// Speed-up over one drive by n that share the part `share` of its time (Amdahl).
[[nodiscard]] double drives_speed_up(double share, std::int64_t drives);

}  // namespace tiersim::hw
