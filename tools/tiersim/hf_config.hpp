#pragma once
/// A Hugging Face config.json as a ModelSpec.
///
/// Called by `tiersim models import`. The architecture named in `architectures` decides which keys are read and what
/// the library's own defaults are for those that a published file leaves out (hf_architectures.cpp); of a model with
/// vision, the text part (`text_config`). Errors, all at once in the diagnostics: no JSON, an architecture that is not
/// known (with those that are), a key that is missing or of the wrong kind, shapes that a ModelSpec cannot hold. Left
/// out: what costs neither bytes nor FLOPs (rotary bases, scalings, dropouts). O(layers).
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/model_spec.hpp"
#include "sim/core/diagnostics.hpp"

namespace tiersim::cli {

/// One object of a config.json; a key that is null counts as absent.
class HfConfig {
 public:
  HfConfig(const nlohmann::json& object, SourceMark mark, std::string what, Diagnostics& diagnostics)
      : object_(object), mark_(std::move(mark)), what_(std::move(what)), diagnostics_(diagnostics) {}

  [[nodiscard]] bool has(const char* key) const { return object_.contains(key) && !object_[key].is_null(); }
  /// A whole number, at least 0; an error where it is absent.
  [[nodiscard]] std::int64_t count(const char* key) const;
  [[nodiscard]] std::int64_t count(const char* key, std::int64_t otherwise) const;
  [[nodiscard]] bool flag(const char* key, bool otherwise) const;
  [[nodiscard]] std::string text(const char* key) const;  ///< empty where it is absent
  /// A list's item: a number or a word, as text; empty beyond its end or without the list.
  [[nodiscard]] std::string item(const char* key, std::int64_t index) const;
  [[nodiscard]] const nlohmann::json& object() const { return object_; }
  [[nodiscard]] HfConfig inner(const char* key) const;  ///< an object; has(key)
  /// The same place in the file with another object, which must outlive the result.
  [[nodiscard]] HfConfig with(const nlohmann::json& object) const { return {object, mark_, what_, diagnostics_}; }
  void error(const std::string& message) const;  ///< once, however often it is found

 private:
  const nlohmann::json& object_;
  SourceMark mark_;
  std::string what_;
  Diagnostics& diagnostics_;
};

/// The architectures that can be imported, sorted.
[[nodiscard]] std::vector<std::string_view> hf_architectures();
/// The shapes of a model of this architecture; `groups` hold a layer each.
[[nodiscard]] models::ModelSpec model_of(const std::string& architecture, const HfConfig& config);

/// Reads a file; `name` becomes the model's.
[[nodiscard]] models::ModelSpec read_hf_config(const std::string& path, const std::string& name,
                                               Diagnostics& diagnostics);

}  // namespace tiersim::cli
