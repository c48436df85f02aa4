#pragma once
/// All-reduces between a machine's GPUs: what a message costs, by its size.
///
/// A message of x bytes among n ranks takes latency + 2 (n - 1) / n x / bandwidth (a ring). Libraries change protocol
/// or algorithm with size (NCCL: LL, LL128 and Simple; vLLM: one-shot and two-shot kernels), each with a latency and a
/// bus bandwidth of its own: `protocols` are those for shorter messages, the map's own figures are for the rest. Read
/// by read_machine, asked by the cost model where a profile has no law. Reading costs O(keys); errors go to the fields'
/// diagnostics. Left out: that both depend on the number of ranks beyond the ring's factor.
#include <cstdint>
#include <string>
#include <vector>

#include "sim/config/fields.hpp"
#include "sim/core/units.hpp"

namespace tiersim::hw {

struct CollectiveProtocol {
  std::string name;
  Bytes below;  ///< for shorter messages
  BytesPerSecond bandwidth;
  Duration latency;
};

/// The list `protocols` of a machine's `collective`, ascending in `below`; empty where there is none.
[[nodiscard]] std::vector<CollectiveProtocol> read_protocols(config::Fields& collective);

}  // namespace tiersim::hw
