// Which policy, and with which parameters: `eviction: lru` or `eviction: {slru: {protected: 80%}}`.
#include <fmt/format.h>

#include "sim/attention/method.hpp"
#include "sim/config/declared_parameters.hpp"
#include "sim/core/registry.hpp"
#include "sim/memory/block_cache.hpp"
#include "sim/memory/prefetch.hpp"
#include "sim/resolve/parts.hpp"

namespace tiersim::detail {
namespace {

template <class Interface>
PolicyMenu menu_of(std::string what) {
  const auto& registry = Registry<Interface>::instance();
  return {std::move(what), registry.names(), [&registry](std::string_view name) -> const std::vector<ParameterSpec>& {
            return registry.find(name)->parameters;
          }};
}

}  // namespace

PolicyMenu eviction_menu() {
  PolicyMenu menu = menu_of<EvictionPolicy>("eviction policy");
  menu.why_not = [](std::string_view name) {
    return Registry<BlockCache>::instance().find(name) == nullptr
               ? std::string()
               : fmt::format("'{}' needs to know what comes: it runs in replays of one cache (tiersim mrc --policy)",
                             name);
  };
  return menu;
}
PolicyMenu admission_menu() { return menu_of<AdmissionPolicy>("admission policy"); }
PolicyMenu placement_menu() { return menu_of<PlacementPolicy>("placement policy"); }
PolicyMenu prefetch_menu() { return menu_of<PrefetchPolicy>("prefetch policy"); }
PolicyMenu router_menu() { return menu_of<Router>("router"); }
PolicyMenu attention_menu() { return menu_of<AttentionMethod>("attention method"); }
PolicyMenu cache_menu() { return menu_of<BlockCache>("cache policy"); }

PolicyChoice resolve_policy(config::Fields& fields, std::string_view key, const PolicyMenu& menu,
                            const std::string& otherwise) {
  const config::Value* value = fields.child(key);
  std::string name = otherwise;
  const config::Value none{};
  const config::Value* parameters = &none;
  SourceMark mark = value == nullptr ? config::scalar({}).mark : value->mark;
  if (value != nullptr && value->kind == config::Kind::scalar) {
    name = value->scalar;
  } else if (value != nullptr && value->kind == config::Kind::map && value->entries.size() == 1) {
    name = value->entries[0].first;
    parameters = &value->entries[0].second;
    mark = value->key_marks[0];
  } else if (value != nullptr) {
    fields.error(key, fmt::format("'{}' in {}: expected the name of one {}, or a map of it and its parameters", key,
                                  fields.what(), menu.what));
    return {otherwise, {}};
  }
  if (std::find(menu.names.begin(), menu.names.end(), name) == menu.names.end()) {
    Diagnostic& d =
        fields.diagnostics().error(mark, fmt::format("unknown {} '{}' in {}", menu.what, name, fields.what()));
    if (const std::string note = menu.why_not ? menu.why_not(name) : ""; !note.empty()) d.notes.push_back(note);
    if (const auto near = nearest(name, menu.names); !near.empty())
      d.notes.push_back(fmt::format("did you mean '{}'?", near));
    d.notes.push_back(fmt::format("known: {}", joined(menu.names)));
    return {otherwise, {}};
  }
  PolicyChoice choice{name, {}};
  const std::vector<ParameterSpec>& specs = menu.parameters(name);
  config::Fields inner(*parameters, fmt::format("{} '{}'", menu.what, name), fields.diagnostics());
  choice.parameters = config::read_parameters(inner, specs);
  inner.finish();
  if (specs.empty()) {
    fields.record(key, config::scalar(name, mark));
  } else {
    config::Value map;
    map.kind = config::Kind::map;
    map.mark = mark;
    map.entries.emplace_back(name, inner.resolved());
    map.key_marks.push_back(mark);
    fields.record(key, std::move(map));
  }
  return choice;
}

}  // namespace tiersim::detail
