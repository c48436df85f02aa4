#pragma once
/// Finding the map of a device that a machine names, and the keys that devices have in common.
///
/// Called by the readers of this folder. A device is the name of a file in hw/devices, whose `kind` says what it is, or
/// a map written in place, which needs no kind. O(keys); errors go to the fields' diagnostics.
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "sim/config/fields.hpp"

namespace tiersim::hw {

/// Gives the map of hw/devices/<name>.yaml, which must live until the machine is read, with its diagnostics done, or
/// null after an error.
using DeviceLoader = std::function<const config::Value*(const std::string& name, const SourceMark& from)>;

/// The map of the device that `value` names or is; null after an error. A device of a kind that is not in `kinds` is
/// an error at `value`, with the device's own line beside it.
[[nodiscard]] const config::Value* device_map(const config::Value& value, std::initializer_list<std::string_view> kinds,
                                              const DeviceLoader& load_device, config::Fields& machine);

/// The keys `kind` (where it is given) and `name`.
std::string read_name(config::Fields& device);

/// The error of a key that is missing with all below it.
void missing(config::Fields& fields, std::string_view key, std::string_view expected);

/// "hw/devices/h100-sxm.yaml:12", for notes that point at a second place.
[[nodiscard]] std::string place_of(const SourceMark& mark);

}  // namespace tiersim::hw
