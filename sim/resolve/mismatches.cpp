// Where model, machine and profile are no match. Such a scenario runs; its times may not mean what they seem to.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "calib/profile_device.hpp"
#include "sim/resolve/parts.hpp"

namespace tiersim::detail {
namespace {

/// The rate that matrix units would need for operands of a stored type. int4 is never computed in: its weights are
/// widened wherever they are used (GPTQ, AWQ), as those of 16 bits need no widening.
std::optional<hw::NumberType> rate_of(std::string_view stored) {
  if (stored == "fp8") return hw::NumberType::fp8;
  if (stored == "int8") return hw::NumberType::int8;
  if (stored == "mxfp4") return hw::NumberType::fp4;
  return {};
}

void check_type(config::Fields& root, const ServingSettings& s, const char* what, const std::string& stored) {
  const auto rate = rate_of(stored);
  if (!rate || s.machine.gpus == 0 || s.machine.gpu.peak(*rate).value() > 0) return;
  root.diagnostics()
      .warning(root.mark_of("model"),
               fmt::format("{} of {} are {}, for which {} has no rate", what, s.model.name, stored, s.machine.gpu.name))
      .notes.emplace_back("they are stored and moved so, and computed in 16 bits");
}

void check_profile(config::Fields& root, const ServingSettings& s) {
  const auto& print = s.profile.fingerprint;
  const auto at = std::find_if(print.begin(), print.end(), [](const auto& e) { return e.first == "device"; });
  if (at == print.end() || s.machine.gpus == 0 || calib::same_device(at->second, s.machine.gpu.name)) return;
  root.diagnostics()
      .warning(root.mark_of("profile"), fmt::format("profile {} was measured on '{}', but machine {} has '{}'",
                                                    s.profile.name, at->second, s.machine.name, s.machine.gpu.name))
      .notes.emplace_back("its laws give the times of the device that it was measured on");
}

}  // namespace

void warn_of_mismatches(config::Fields& root, const ServingSettings& s) {
  check_type(root, s, "the weights", s.model.weight_type);
  if (s.model.expert_weight_type != s.model.weight_type)
    check_type(root, s, "the experts' weights", s.model.expert_weight_type);
  check_type(root, s, "keys and values", s.model.kv_type);
  check_profile(root, s);
}

}  // namespace tiersim::detail
