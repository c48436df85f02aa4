#pragma once
/// A network interface as RDMA sees it: line rate, what transfers reach of it, latency, work requests per second.
///
/// Read from hw/devices/<name>.yaml of `kind: nic`, or an inline map, by read_machine and `tiersim list hardware`. As a
/// storage's `nic` it makes the link to remote memory; as the machine's it is data alone. Rates are per direction.
/// Reading costs O(keys); errors go to the fields' diagnostics.
#include <cstdint>
#include <string>

#include "sim/config/fields.hpp"
#include "sim/core/units.hpp"

namespace tiersim::hw {

struct NicSpec {
  std::string name;
  BytesPerSecond line_rate{};
  BytesPerSecond bandwidth{};      ///< that large transfers reach
  Duration latency{};              ///< of a small transfer
  double messages_per_second = 0;  ///< work requests; 0: not stated
};

/// Reads every key; finish() is called.
[[nodiscard]] NicSpec read_nic(config::Fields& fields);

}  // namespace tiersim::hw
