#include "calib/cuda/machine.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <stdexcept>
#include <unistd.h>

namespace tiersim::calib {
namespace {

std::string shortest(double value) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

std::string quoted(const std::string& text) {
  constexpr const char* kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += {'\\', 'u', '0', '0', kHex[(c >> 4) & 15], kHex[c & 15]};
    } else {
      out += c;
    }
  }
  return out + "\"";
}

/// FNV-1a: tells two GPUs apart without naming them.
std::string hashed(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, hash, 16).ptr};
}

std::string cuda_version(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string host_processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

std::string or_unknown(const std::string& text, bool known) { return known ? text : "unknown"; }

}  // namespace

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

Facts fingerprint_of(const DeviceInfo& device, const ManagementFacts& management) {
  const bool linked = management.pcie_generation > 0;
  return {
      {"device", device.name},
      {"kind", "cuda"},
      {"uuid_hash", hashed(device.uuid)},
      {"devices", std::to_string(device.devices)},
      {"compute_capability", std::to_string(device.major) + "." + std::to_string(device.minor)},
      {"processors", std::to_string(device.multiprocessors)},
      {"memory_bytes", std::to_string(device.memory_bytes)},
      {"cache_bytes", std::to_string(device.l2_bytes)},
      {"clock_mhz", shortest(device.clock_mhz)},
      {"memory_clock_mhz", shortest(device.memory_clock_mhz)},
      {"memory_bus_bits", std::to_string(device.bus_bits)},
      {"pcie", or_unknown("generation " + std::to_string(management.pcie_generation) + " x" +
                              std::to_string(management.pcie_width),
                          linked)},
      {"power_limit_watts", or_unknown(shortest(management.power_limit_watts), management.power_limit_watts > 0)},
      {"driver", or_unknown(management.driver, !management.driver.empty())},
      {"driver_cuda", cuda_version(device.driver)},
      {"runtime_cuda", cuda_version(device.runtime)},
      {"host_processor", host_processor()},
      {"host_memory_bytes", std::to_string(std::int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE))},
      {"date", utc_now()},
  };
}

std::string machine_json(const Facts& fingerprint, const Ceilings& ceilings, const FailureNotes& failures) {
  std::string text = "{\n  \"fingerprint\": {";
  const char* separator = "\n";
  for (const auto& [name, value] : fingerprint) {
    text += separator + std::string("    ") + quoted(name) + ": " + quoted(value);
    separator = ",\n";
  }
  text += "\n  },\n  \"ceilings\": {\"flops_per_second\": " + shortest(ceilings.flops_per_second) +
          ", \"bytes_per_second\": " + shortest(ceilings.bytes_per_second) + "},\n  \"failures\": [";
  separator = "\n";
  for (const auto& [point, reason] : failures) {
    text += separator + std::string("    {\"point\": ") + quoted(point) + ", \"reason\": " + quoted(reason) + "}";
    separator = ",\n";
  }
  return text + (failures.empty() ? "]\n}\n" : "\n  ]\n}\n");
}

FailureNotes read_failures(const std::string& path) {
  FailureNotes failures;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const std::size_t tab = line.find('\t');
    if (tab != std::string::npos) failures.emplace_back(line.substr(0, tab), line.substr(tab + 1));
  }
  return failures;
}

std::string failures_text(const FailureNotes& failures) {
  std::string text;
  for (const auto& [point, reason] : failures) {
    std::string line = reason;
    std::replace(line.begin(), line.end(), '\n', ' ');
    text += point + "\t" + line + "\n";
  }
  return text;
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path);
  out << text << std::flush;
  if (!out)
    throw std::runtime_error("cannot write " + path + ": is the folder there, writable, and the disk not full?");
}

}  // namespace tiersim::calib
