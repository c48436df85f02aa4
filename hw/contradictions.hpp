#pragma once
/// Machines that state more than their devices can do.
///
/// Called by read_machine when everything is read. Each contradiction is one error at the machine's figure, with a note
/// that names the device's file and line. Checked: a GPU's link to the host against its PCIe (or whatever it has), host
/// memory named `dram` against the channels of the sockets, all-reduces against twice the links between the GPUs (a
/// switch that adds on the way halves what each GPU sends). A device that does not state the figure contradicts
/// nothing.
#include "hw/device_spec.hpp"

namespace tiersim::hw {

/// The maps that the devices were read from; null where there is none.
struct DeviceMaps {
  const config::Value* gpu = nullptr;
  const config::Value* cpu = nullptr;
};

void report_contradictions(config::Fields& machine, const MachineSpec& spec, const DeviceMaps& maps);

}  // namespace tiersim::hw
