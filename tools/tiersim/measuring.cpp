#include "tools/tiersim/measuring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "calib/host/families.hpp"
#include "calib/host/fingerprint.hpp"
#include "calib/host/system.hpp"
#include "tools/tiersim/progress.hpp"

namespace tiersim::cli {
namespace {

namespace fs = std::filesystem;

constexpr double kCeilingSeconds = 2;
constexpr double kLongest = 1.5;  // of the plan's estimate
constexpr double kGrace = 5;      // s

calib::HostSetup setup_in(const std::string& folder) {
  calib::HostSetup setup;
  setup.folder = folder;
  setup.memory_bytes = std::min(setup.memory_bytes, calib::total_memory() / 4);
  setup.team = std::make_shared<calib::Team>(calib::Team::available());
  return setup;
}

void require_folder(const std::string& command, const std::string& folder) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    misuse(command, fmt::format("--folder '{}' is no folder", folder),
           {"name one on the drive that is to be measured; the test file in it is removed at once"});
}

void require_families(const std::string& command, const std::vector<std::string>& wanted,
                      const calib::Families& families) {
  std::vector<std::string_view> known;
  for (const auto& f : families) known.push_back(f->name());
  for (const std::string& name : wanted)
    if (std::find(known.begin(), known.end(), name) == known.end())
      misuse(command, fmt::format("--family is unknown: '{}'", name), suggestions(name, known, "families"));
}

}  // namespace

void MeasuringRequest::declare(Options& options) {
  options.text("device", "host|cuda:N", "what to measure (default: host)", device_text);
  options.duration("budget", "TIME", "how long measuring may take, as in 90s or 5min", budget);
  options.texts("family", "NAME", "these kernels alone; repeatable, or with commas (default: all)", families);
  options.text("folder", "DIR", "where the drive's test file is made (default: beside the profile)", folder);
  options.flag("dry-run", "print what would be measured and how long it takes; measure nothing", dry_run);
}

Device MeasuringRequest::device() const {
  if (device_text == "host") return {};
  Device device{true, 0};
  if (device_text == "cuda") return device;
  const std::string_view text(device_text);
  constexpr std::string_view kCuda = "cuda:";
  const char* end = text.data() + text.size();
  if (text.starts_with(kCuda)) {
    const auto [rest, error] = std::from_chars(text.data() + kCuda.size(), end, device.number);
    if (error == std::errc() && rest == end && device.number >= 0) return device;
  }
  misuse(command, fmt::format("--device is unknown: '{}'", text),
         {"devices: host (processors, memory, drive), cuda:0, cuda:1, ... (GPUs)"});
}

void MeasuringRequest::split_families() {
  std::vector<std::string> names;
  for (const std::string& given : families) {
    std::string_view rest = given;
    while (!rest.empty()) {
      const std::string_view name = rest.substr(0, rest.find(','));
      if (!name.empty()) names.emplace_back(name);
      rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    }
  }
  families = std::move(names);
}

HostBench::HostBench(const MeasuringRequest& request, const std::string& folder)
    : folder_(request.folder.empty() ? folder : request.folder) {
  require_folder(request.command, folder_);
  families_ = calib::host_families(setup_in(folder_));
  require_families(request.command, request.families, families_);
}

calib::Fingerprint HostBench::fingerprint() const { return calib::host_fingerprint(folder_); }

calib::SessionResult HostBench::run(const calib::Plan& plan, calib::SessionSettings settings,
                                    const Interrupt& interrupt, const std::string& label) const {
  Progress progress(true);
  const double deadline = settings.now() + kLongest * plan.seconds + kGrace;
  settings.stop = [&] { return interrupt.flag().load() || settings.now() > deadline; };
  settings.progress = [&](double done, double total, const calib::Point& next) {
    progress.update(done, total, label + next.key());
  };
  const auto watch = calib::host_watch();
  return calib::run_session(plan, *watch, settings);
}

calib::Ceilings HostBench::ceilings() const {
  calib::PlanRequest request;
  request.families = {"ceiling"};
  request.budget = kCeilingSeconds;
  const Interrupt interrupt;
  return calib::ceilings_of(run(calib::make_plan(families_, request), {}, interrupt, "ceilings: ").samples);
}

std::vector<calib::Sample> read_samples(const std::string& command, const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) misuse(command, fmt::format("'{}' is a folder, not a samples.csv", path));
  try {
    return calib::read_csv_file(path);
  } catch (const std::runtime_error& e) {
    misuse(command, e.what(), {"name a samples.csv that calibrate or tiersim_cuda wrote"});
  }
}

}  // namespace tiersim::cli
