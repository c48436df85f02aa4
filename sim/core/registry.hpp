#pragma once
/// Policies that announce themselves: one registry per interface, filled by one line in each policy's own file.
///
///   TIERSIM_REGISTER(EvictionPolicy, "lru", Lru, "least recently used block first", {})
///
/// The interface names its Setup type (`using Setup = EvictionSetup;`); a policy is built from it. names() is sorted,
/// so nothing depends on the order in which static objects are initialised. Registration happens before main, reading
/// after.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/diagnostics.hpp"
#include "sim/core/parameters.hpp"

namespace tiersim {

template <class Interface>
class Registry {
 public:
  using Setup = typename Interface::Setup;
  struct Entry {
    std::function<std::unique_ptr<Interface>(const Setup&)> make;
    std::string summary;  ///< one line, with the source
    std::vector<ParameterSpec> parameters;
    std::string file;  ///< the policy's source file, as the compiler saw it
  };

  static Registry& instance() {
    static Registry registry;
    return registry;
  }
  bool add(std::string name, Entry entry) {
    ensure(entries_.emplace(std::move(name), std::move(entry)).second, "two policies registered under one name");
    return true;
  }
  [[nodiscard]] const Entry* find(std::string_view name) const {
    const auto it = entries_.find(name);
    return it == entries_.end() ? nullptr : &it->second;
  }
  [[nodiscard]] std::vector<std::string_view> names() const {
    std::vector<std::string_view> out;
    for (const auto& [name, entry] : entries_) out.push_back(name);
    return out;
  }
  /// Builds a policy that the parser has found to exist.
  [[nodiscard]] std::unique_ptr<Interface> make(std::string_view name, const Setup& setup) const {
    const Entry* entry = find(name);
    ensure(entry != nullptr, "an unregistered policy got past the parser");
    return entry->make(setup);
  }

 private:
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace tiersim

/// Trailing arguments: the brace-enclosed list of ParameterSpec.
#define TIERSIM_REGISTER(Interface, name, Class, summary, ...)                                                     \
  [[maybe_unused]] const bool k##Class##Registered = ::tiersim::Registry<Interface>::instance().add(               \
      name,                                                                                                        \
      {[](const Interface::Setup& setup) -> std::unique_ptr<Interface> { return std::make_unique<Class>(setup); }, \
       summary, __VA_ARGS__, __FILE__})
