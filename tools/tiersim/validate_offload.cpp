#include "tools/tiersim/validate_offload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "calib/offload/validate.hpp"
#include "sim/config/yaml.hpp"
#include "tools/tiersim/interrupt.hpp"
#include "tools/tiersim/options.hpp"
#include "tools/tiersim/progress.hpp"

namespace tiersim::cli {
namespace {

namespace fs = std::filesystem;

std::string machine_beside(const std::string& profile_path) {
  return (fs::path(profile_path).parent_path() / fs::path(profile_path).stem() / "machine.yaml").string();
}

hw::MachineSpec load_machine(const OffloadRequest& request) {
  const std::string path = machine_beside(request.profile_path);
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored))
    misuse(request.command, fmt::format("there is no machine beside the profile: '{}'", path),
           {"tiersim calibrate writes it; --what kernels does without"});
  Diagnostics diagnostics;
  const config::Value map = config::load_yaml(path, diagnostics);
  throw_if_errors(diagnostics);
  config::Fields fields(map, fmt::format("machine '{}'", path), diagnostics);
  const hw::MachineSpec machine =
      hw::read_machine(fields, [&](const std::string& name, const SourceMark& from) -> const config::Value* {
        diagnostics.error(from, fmt::format("device '{}': a measured machine spells its devices out", name));
        return nullptr;
      });
  throw_if_errors(diagnostics);
  const auto is_drive = [](const hw::StorageSpec& storage) { return storage.name == "ssd"; };
  if (std::none_of(machine.storage.begin(), machine.storage.end(), is_drive))
    misuse(request.command, fmt::format("machine '{}' has no drive 'ssd'", path),
           {"calibrate with --family ssd as well; --what kernels does without"});
  return machine;
}

}  // namespace

bool offload_holds(const OffloadRequest& request, const calib::Profile& profile) {
  calib::OffloadSettings settings;
  settings.folder = request.folder;
  settings.out = request.keep;
  settings.seed = static_cast<std::uint64_t>(request.seed);
  settings.seconds = request.seconds;
  settings.team = std::make_shared<calib::Team>(calib::Team::available());
  const Interrupt interrupt;
  Progress progress(true);
  const calib::OffloadResult result = calib::validate_offload(
      profile, load_machine(request), settings, [&] { return interrupt.flag().load(); },
      [&](double done, double total, const std::string& what) { progress.update(done, total, "offload: " + what); });
  if (result.stopped) throw std::runtime_error("stopped early: nothing to judge");
  fmt::print("{}", calib::offload_table(result));
  return result.good();
}

}  // namespace tiersim::cli
