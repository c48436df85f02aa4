#pragma once
/// Reading a map of the scenario (or of a model, a machine, a profile) field by field.
///
/// A Fields wraps one map. Each getter names a key, checks kind, unit and range, reports what is wrong and returns the
/// default (or a zero value) so that reading goes on and all mistakes are shown at once. What was read, defaults
/// included, is recorded in the order of the calls: resolved() is the fully spelled map, each scalar with its origin,
/// which is what `tiersim show` prints and what a rerun reads. finish() reports keys that nobody asked for, with the
/// nearest known one. Call order: getters, then finish() exactly once (checked), then resolved(). One pass, no global
/// state.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/config/units_text.hpp"
#include "sim/config/value.hpp"
#include "sim/core/units.hpp"

namespace tiersim::config {

/// What a getter accepts; both ends inclusive, in the quantity's base unit.
struct Range {
  double low = -1e300;
  double high = 1e300;
  static constexpr Range any() { return {}; }
  static constexpr Range positive() { return {1e-300, 1e300}; }
  static constexpr Range at_least(double low) { return {low, 1e300}; }
};

class Fields {
 public:
  /// `what` names the map in messages: "tier 'dram'". A null value reads as an empty map; another kind is an error.
  Fields(const Value& map, std::string what, Diagnostics& diagnostics);
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;
  ~Fields();

  [[nodiscard]] bool has(std::string_view key);  ///< present and not null; counts the key as known
  [[nodiscard]] const SourceMark& mark() const;
  [[nodiscard]] const SourceMark& mark_of(std::string_view key) const;  ///< the key's value, or the map where absent

  // Without a default the key is required: its absence is an error.
  Bytes bytes(std::string_view key, std::optional<Bytes> otherwise = {}, Range range = Range::at_least(0));
  Duration duration(std::string_view key, std::optional<Duration> otherwise = {}, Range range = Range::at_least(0));
  Tokens tokens(std::string_view key, std::optional<Tokens> otherwise = {}, Range range = Range::at_least(0));
  BytesPerSecond bandwidth(std::string_view key, std::optional<BytesPerSecond> otherwise = {},
                           Range range = Range::positive());
  FlopsPerSecond compute(std::string_view key, std::optional<FlopsPerSecond> otherwise = {},
                         Range range = Range::positive());
  Watts power(std::string_view key, std::optional<Watts> otherwise = {}, Range range = Range::at_least(0));
  Dollars money(std::string_view key, std::optional<Dollars> otherwise = {}, Range range = Range::at_least(0));
  double fraction(std::string_view key, std::optional<double> otherwise = {}, Range range = {0, 1});
  double multiple(std::string_view key, std::optional<double> otherwise = {}, Range range = Range::positive());
  double per_second(std::string_view key, std::optional<double> otherwise = {}, Range range = Range::positive());
  double number(std::string_view key, std::optional<double> otherwise = {}, Range range = Range::any());
  std::int64_t count(std::string_view key, std::optional<std::int64_t> otherwise = {},
                     Range range = Range::at_least(0));
  bool flag(std::string_view key, std::optional<bool> otherwise = {});
  std::string text(std::string_view key, std::optional<std::string> otherwise = {});
  /// One of the words; an unknown one is an error with a suggestion.
  std::string choice(std::string_view key, const std::vector<std::string_view>& words,
                     std::optional<std::string> otherwise = {});

  /// The raw child, or nullptr where it is absent or null; the key counts as known. record() must be called with what
  /// it resolved to.
  [[nodiscard]] const Value* child(std::string_view key);
  /// Puts a resolved subtree under `key` (replacing an earlier record of it).
  void record(std::string_view key, Value resolved);

  /// A key that others use for what goes by another name here: it stays unknown, and its message says `meant`.
  void known_elsewhere(std::string_view key, std::string meant);

  Diagnostic& error(std::string_view key, std::string message);  ///< at the key's value, or at the map
  [[nodiscard]] Diagnostics& diagnostics() { return diagnostics_; }
  [[nodiscard]] const std::string& what() const { return what_; }

  void finish();
  /// Valid after finish().
  [[nodiscard]] Value resolved() const { return resolved_; }

 private:
  template <class T, class Parse, class Print>
  T read(std::string_view key, std::optional<T> otherwise, Range range, Parse parse, Print print,
         std::string_view expected);
  /// The key's scalar; null, with an error unless it is merely absent and not required.
  const Value* scalar_child(std::string_view key, bool required, std::string_view expected);
  void know(std::string_view key);
  void record_scalar(std::string_view key, std::string text, const SourceMark& origin);

  const Value& map_;
  std::string what_;
  Diagnostics& diagnostics_;
  std::vector<std::string> known_;  // in the order of the calls
  std::vector<std::pair<std::string, std::string>> elsewhere_;
  Value resolved_;
  bool finished_ = false;
};

/// A scalar Value with this text, marked as a default.
[[nodiscard]] Value scalar(std::string text, SourceMark origin = {"default", 0, 0, 1, -1, -1, {}});

}  // namespace tiersim::config
