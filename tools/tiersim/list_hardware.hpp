#pragma once
/// The machines and devices of the library as tables: `tiersim list hardware`.
///
/// Called by list.cpp. Reads every file of hw/ and hw/devices; problems are thrown as BadInput. A dash stands for what
/// a device does not have or does not state. Lines are at most 110 columns wide.
#include <string>

namespace tiersim::cli {

/// The text for the library that lies in `root`.
[[nodiscard]] std::string hardware_text(const std::string& root);

}  // namespace tiersim::cli
