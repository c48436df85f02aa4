#pragma once
/// The named parameters of a policy: declared where it is registered, read where it is built, listed by `tiersim list`.
///
/// A declaration gives name, kind, default (as one would write it in YAML) and meaning; the scenario's value is checked
/// against the kind when it is parsed, so a policy reads without error handling. Values are kept as the number that the
/// kind's base unit counts (nanoseconds, bytes, tokens, a plain count or fraction).
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tiersim {

enum class ParameterKind { count, fraction, duration, bytes, tokens, text };

struct ParameterSpec {
  std::string name;
  ParameterKind kind = ParameterKind::count;
  std::string default_value;  ///< as written in YAML, unit included
  std::string meaning;        ///< one line
};

/// The values of one policy instance, in the order of their declaration.
class Parameters {
 public:
  struct Entry {
    std::string name;
    double number = 0;  ///< in base units; exact for integers below 2^53
    std::string text;   ///< canonical spelling
  };
  void add(Entry entry) { entries_.push_back(std::move(entry)); }
  [[nodiscard]] const std::vector<Entry>& all() const { return entries_; }
  /// The value of a declared parameter; asking for an undeclared one is our bug (InternalError).
  [[nodiscard]] double number(std::string_view name) const;
  [[nodiscard]] const std::string& text(std::string_view name) const;

 private:
  [[nodiscard]] const Entry& find(std::string_view name) const;
  std::vector<Entry> entries_;
};

/// A policy as a scenario or a command names it.
struct PolicyChoice {
  std::string name;
  Parameters parameters;
};

}  // namespace tiersim
