#include "models/element_type.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace tiersim::models {
namespace {

using config::Range;

constexpr std::array kTypes = {ElementType{"bf16", 16}, ElementType{"fp16", 16},        ElementType{"fp8", 8},
                               ElementType{"int8", 8},  ElementType{"int4", 4, 128, 2}, ElementType{"mxfp4", 4, 32, 1}};

std::vector<std::string_view> type_names() {
  std::vector<std::string_view> names;
  names.reserve(kTypes.size());
  for (const ElementType& type : kTypes) names.push_back(type.name);
  return names;
}

/// {type: int4, group: 64, scale_bytes: 2}
ElementType read_grouped(config::Fields& owner, std::string_view key, const config::Value& map) {
  config::Fields fields(map, fmt::format("'{}' of {}", key, owner.what()), owner.diagnostics());
  const ElementType* known = find_element_type(fields.choice("type", type_names()));
  ElementType type = known == nullptr ? kTypes[0] : *known;
  type.group = fields.count("group", type.group, Range{0, 1e9});
  type.scale_bytes = fields.count("scale_bytes", type.scale_bytes, Range{0, 64});
  if (type.scale_bytes > 0 && type.group == 0) fields.error("group", "a scale needs a group that shares it");
  fields.finish();
  owner.record(key, fields.resolved());
  return type;
}

}  // namespace

double ElementType::bytes() const {
  const double scale = group > 0 ? static_cast<double>(scale_bytes) / static_cast<double>(group) : 0;
  return static_cast<double>(bits) / 8 + scale;
}

const ElementType* find_element_type(std::string_view name) {
  const auto at = std::find_if(kTypes.begin(), kTypes.end(), [&](const ElementType& t) { return t.name == name; });
  return at == kTypes.end() ? nullptr : at;
}

StoredAs read_stored_as(config::Fields& fields, std::string_view key, std::string_view bytes_key, double otherwise) {
  // The least that a count of bytes can mean, and more than any type has.
  constexpr Range kElement{0.01, 64};
  const config::Value* value = fields.child(key);
  if (value == nullptr) return {fields.number(bytes_key, otherwise, kElement), {}};
  if (fields.has(bytes_key))
    fields.error(bytes_key, fmt::format("'{}' and '{}' in {} exclude each other", key, bytes_key, fields.what()));
  if (value->kind == config::Kind::map) {
    const ElementType grouped = read_grouped(fields, key, *value);
    return {grouped.bytes(), grouped.name};
  }
  const ElementType* type = find_element_type(fields.choice(key, type_names()));
  return type == nullptr ? StoredAs{otherwise, {}} : StoredAs{type->bytes(), type->name};
}

}  // namespace tiersim::models
