#pragma once
/// The offload engine's workload, and the same thing as a run of the simulator.
///
/// Called by validate_offload. A configuration says which tiers there are and what leaves memory; the trace is a
/// generated chat whose lengths suit the small decoder. offload_settings() says to the simulator what the engine does:
/// fp32 throughout, one sequence at a time, loads always, written through, the drive read into frames directly (no link
/// between host and device). std::runtime_error if the machine has no storage "ssd" and the configuration needs one.
/// Deterministic.
#include <cstdint>
#include <string>
#include <vector>

#include "calib/offload/compute.hpp"
#include "sim/serving/simulation.hpp"
#include "traces/trace.hpp"

namespace tiersim::calib {

struct OffloadConfiguration {
  std::string name;      ///< "lru, drive"
  std::string eviction;  ///< of memory; the drive's is lru
  std::int64_t frames = 0;
  std::int64_t drive_frames = 0;  ///< 0: no drive
};

inline constexpr std::int64_t kOffloadChunk = 512;  ///< tokens of a prompt that one step computes at most
inline constexpr std::size_t kOffloadDepth = 32;    ///< I/Os in flight at most

/// Policies with the drive, without it, and with less memory: sizes are shares of the blocks that the trace names, and
/// memory holds two of the largest requests, so that which frames leave does not hang on when a write has ended.
[[nodiscard]] std::vector<OffloadConfiguration> offload_configurations(const Workload& workload);

[[nodiscard]] traces::Trace offload_trace(std::uint64_t seed, std::int64_t requests, std::int64_t block);

[[nodiscard]] ServingSettings offload_settings(const OffloadConfiguration& configuration, const DecoderShape& shape,
                                               const Profile& profile, const hw::MachineSpec& machine);

}  // namespace tiersim::calib
