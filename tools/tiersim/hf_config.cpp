#include "tools/tiersim/hf_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "models/element_type.hpp"

namespace tiersim::cli {

using nlohmann::json;

std::int64_t HfConfig::count(const char* key) const {
  if (!has(key)) {
    error(fmt::format("missing key '{}' in {}", key, what_));
    return 0;
  }
  return count(key, 0);
}

std::int64_t HfConfig::count(const char* key, std::int64_t otherwise) const {
  if (!has(key)) return otherwise;
  const json& value = object_[key];
  constexpr std::int64_t kMost = 1'000'000'000;
  if (value.is_number_integer() && value.get<std::int64_t>() >= 0 && value.get<std::int64_t>() <= kMost)
    return value.get<std::int64_t>();
  error(fmt::format("'{}' in {} is {}, expected a whole number", key, what_, value.dump()));
  return otherwise;
}

bool HfConfig::flag(const char* key, bool otherwise) const {
  if (!has(key)) return otherwise;
  if (object_[key].is_boolean()) return object_[key].get<bool>();
  error(fmt::format("'{}' in {} is {}, expected true or false", key, what_, object_[key].dump()));
  return otherwise;
}

std::string HfConfig::text(const char* key) const {
  return has(key) && object_[key].is_string() ? object_[key].get<std::string>() : std::string();
}

std::string HfConfig::item(const char* key, std::int64_t index) const {
  if (!has(key) || !object_[key].is_array() || index >= static_cast<std::int64_t>(object_[key].size())) return {};
  const json& value = object_[key][static_cast<std::size_t>(index)];
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void HfConfig::error(const std::string& message) const {
  const auto& all = diagnostics_.all();
  if (std::none_of(all.begin(), all.end(), [&](const Diagnostic& d) { return d.message == message; }))
    diagnostics_.error(mark_, message);
}

HfConfig HfConfig::inner(const char* key) const {
  return {object_[key], mark_, fmt::format("'{}' of {}", key, what_), diagnostics_};
}

namespace {

/// The types of a quantised checkpoint: how many bytes its weights, or its experts' alone, take.
void read_quantisation(const HfConfig& config, models::ModelSpec& m) {
  if (!config.has("quantization_config")) return;
  const HfConfig given = config.inner("quantization_config");
  const std::string method = given.text("quant_method");
  if (method == "mxfp4") {
    m.expert_weight_bytes = models::find_element_type("mxfp4")->bytes();
  } else if (method == "fp8") {
    models::ElementType type = *models::find_element_type("fp8");
    const std::string rows = given.item("weight_block_size", 0), columns = given.item("weight_block_size", 1);
    if (rows == "128" && columns == "128") type.group = 128 * 128, type.scale_bytes = 4;
    m.weight_bytes = type.bytes();
  } else if (method == "awq" || method == "gptq") {
    const models::ElementType type{"", given.count("bits"), given.count("group_size", 128), 2};
    m.weight_bytes = type.bytes();
  } else {
    config.error(fmt::format("unknown quantisation '{}': known are awq, fp8, gptq, mxfp4", method));
  }
}

void import_from(const json& whole, const std::string& path, models::ModelSpec& m, Diagnostics& diagnostics) {
  SourceMark mark;
  mark.file = path;
  const HfConfig config(whole, mark, "the file", diagnostics);
  const std::string architecture = config.item("architectures", 0);
  const auto known = hf_architectures();
  if (std::find(known.begin(), known.end(), architecture) == known.end()) {
    Diagnostic& d = diagnostics.error(mark, architecture.empty()
                                                ? std::string("no 'architectures' in it: is it a model's config.json?")
                                                : fmt::format("unknown architecture '{}'", architecture));
    if (const auto near = nearest(architecture, known); !near.empty())
      d.notes.push_back(fmt::format("did you mean '{}'?", near));
    d.notes.push_back("known: " + joined(known));
    return;
  }
  const bool has_text = config.has("text_config") && whole["text_config"].is_object();
  const HfConfig part(has_text ? whole["text_config"] : whole, mark,
                      fmt::format("{} of {}", has_text ? "'text_config'" : "the config", architecture), diagnostics);
  const std::string name = m.name;
  m = model_of(architecture, part);
  m.name = name;
  read_quantisation(config, m);
}

}  // namespace

models::ModelSpec read_hf_config(const std::string& path, const std::string& name, Diagnostics& diagnostics) {
  models::ModelSpec m;
  m.name = name;
  SourceMark mark;
  mark.file = path;
  std::ifstream in(path);
  const json whole = in ? json::parse(in, nullptr, false) : json();
  if (!in) {
    diagnostics.error(mark, "cannot be read: is it there, and a file?");
  } else if (!whole.is_object()) {
    diagnostics.error(mark, "not a JSON object, as a config.json is");
  } else {
    import_from(whole, path, m, diagnostics);
  }
  return m;
}

}  // namespace tiersim::cli
