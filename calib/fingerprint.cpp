#include "calib/fingerprint.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "sim/report/json_text.hpp"

namespace tiersim::calib {

std::string fingerprint_json(const Fingerprint& fingerprint) {
  JsonText json;
  json.begin_object().key("fingerprint").begin_object();
  for (const auto& [key, text] : fingerprint) json.member(key, text);
  json.end_object().end_object();
  return json.take();
}

Fingerprint read_fingerprint(const std::string& path) {
  errno = 0;
  std::ifstream in(path);
  if (!in) throw std::runtime_error(path + ": " + std::generic_category().message(errno));
  const auto json = nlohmann::ordered_json::parse(in, nullptr, false);
  if (!json.is_object() || !json.contains("fingerprint") || !json["fingerprint"].is_object())
    throw std::runtime_error(path + ": no fingerprint: expected {\"fingerprint\": {...}}");
  Fingerprint fingerprint;
  for (const auto& [key, value] : json["fingerprint"].items())
    fingerprint.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
  return fingerprint;
}

Fingerprint fingerprint_in(const std::string& folder) {
  for (const char* name : {"fingerprint.json", "machine.json"}) {
    const std::string path = folder + "/" + name;
    if (std::filesystem::exists(path)) return read_fingerprint(path);
  }
  return {};
}

std::string first_difference(const Fingerprint& a, const Fingerprint& b, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    const std::string one = text_in(a, key), other = text_in(b, key);
    if (!one.empty() && !other.empty() && one != other) return key;
  }
  return {};
}

}  // namespace tiersim::calib
