#include "hw/device_map.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tiersim::hw {

const config::Value* device_map(const config::Value& value, std::initializer_list<std::string_view> kinds,
                                const DeviceLoader& load_device, config::Fields& machine) {
  const config::Value* map = value.kind == config::Kind::scalar ? load_device(value.scalar, value.mark) : &value;
  const config::Value* kind = map == nullptr ? nullptr : map->find("kind");
  if (kind == nullptr || std::find(kinds.begin(), kinds.end(), kind->scalar) != kinds.end()) return map;
  machine.diagnostics()
      .error(value.mark, fmt::format("a device of kind '{}' in {}, expected {}", kind->scalar, machine.what(),
                                     joined(kinds, " or ")))
      .notes.push_back(fmt::format("{} says kind: {}", place_of(kind->mark), kind->scalar));
  return nullptr;
}

std::string read_name(config::Fields& device) {
  if (device.has("kind")) static_cast<void>(device.text("kind"));
  return device.text("name");
}

void missing(config::Fields& fields, std::string_view key, std::string_view expected) {
  fields.error(key, fmt::format("missing key '{}' in {}", key, fields.what()))
      .notes.push_back(fmt::format("expected {}", expected));
}

std::string place_of(const SourceMark& mark) { return fmt::format("{}:{}", mark.file, mark.line); }

}  // namespace tiersim::hw
