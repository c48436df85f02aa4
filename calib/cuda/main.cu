// tiersim_cuda: measures a GPU. Options, exit status and files: options.cpp; what it measures: README.md.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <unistd.h>

#include "calib/cuda/families.hpp"
#include "calib/cuda/kit.cuh"
#include "calib/cuda/management.hpp"
#include "calib/cuda/offload_program.hpp"
#include "calib/cuda/options.hpp"
#include "calib/cuda/summary.hpp"
#include "calib/measure/session.hpp"

namespace {

using namespace tiersim::calib;

constexpr int kDone = 0, kError = 1, kUnusable = 2, kLost = 3, kInterrupted = 130;

std::atomic<bool> interrupted{false};

void on_signal(int) { interrupted = true; }

struct Paths {
  explicit Paths(const std::string& folder)
      : samples(folder + "/samples.csv"),
        fresh(folder + "/fresh.csv"),
        machine(folder + "/machine.json"),
        failures(folder + "/failures.txt") {}
  std::string samples, fresh, machine, failures;
};

std::vector<Sample> samples_in(const std::string& path) {
  return std::filesystem::exists(path) ? read_csv_file(path) : std::vector<Sample>();
}

Plan plan_of(const Families& families, const CudaOptions& options, const std::vector<Sample>& measured,
             const FailureNotes& failures) {
  PlanRequest request{.families = options.families, .budget = options.budget, .seed = options.seed, .done = {}};
  for (const Sample& sample : measured) {
    if (!sample.throttled) request.done.insert(sample.point.key());
  }
  for (const auto& [key, reason] : failures) request.done.insert(key);
  return options.fresh > 0 ? make_fresh_plan(families, request, options.fresh) : make_plan(families, request);
}

/// One line that is rewritten on a terminal; a line a family elsewhere.
void show_progress(double done, double total, const Point& next) {
  static const bool terminal = isatty(STDERR_FILENO) != 0;
  static std::string family;
  const double percent = total > 0 ? 100 * done / total : 0;
  if (terminal) {
    std::fprintf(stderr, "\r%3.0f%%  %s\033[K", percent, next.key().c_str());
  } else if (family != next.family) {
    family = next.family;
    std::fprintf(stderr, "%3.0f%%  %s\n", percent, family.c_str());
  }
}

/// After an error in a kernel every later call fails until the process is started anew.
bool is_lost() { return cudaDeviceSynchronize() != cudaSuccess; }

SessionResult run_plan(const Plan& plan, const CudaOptions& options, const std::string& csv, const Ceilings& ceilings,
                       MachineWatch& watch) {
  const double deadline = steady_seconds() + options.budget;
  SessionSettings settings;
  settings.csv_path = csv;
  settings.ceilings = ceilings;
  settings.stop = [=] { return interrupted || is_lost() || steady_seconds() > deadline; };
  settings.progress = show_progress;
  SessionResult result = run_session(plan, watch, settings);
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r\033[K");
  return result;
}

void print_failures(const FailureNotes& failures) {
  for (const auto& [key, reason] : failures) std::printf("failed: %s: %s\n", key.c_str(), reason.c_str());
}

int measure(const CudaOptions& options, const CudaSetup& setup) {
  std::filesystem::create_directories(options.out);
  const Paths paths(options.out);
  const std::string& csv = options.fresh > 0 ? paths.fresh : paths.samples;
  const auto management = std::make_shared<const Management>(setup.device.pci_bus);
  const Facts fingerprint = fingerprint_of(setup.device, management->facts());
  const std::vector<Sample> measured = samples_in(csv), before = samples_in(paths.samples);
  FailureNotes failures = read_failures(paths.failures);
  write_file(paths.machine, machine_json(fingerprint, ceilings_of(before), failures));

  const Families families = cuda_families(setup);
  const Plan plan = plan_of(families, options, measured, failures);
  std::printf("%s\n%s\n", setup.device.name.c_str(), plan_table(plan).c_str());
  const auto watch = gpu_watch(management);
  const SessionResult result = run_plan(plan, options, csv, ceilings_of(before), *watch);
  for (const Failure& failure : result.failures) failures.emplace_back(failure.point.key(), failure.reason);

  const std::vector<Sample> all = samples_in(csv);
  write_file(paths.failures, failures_text(failures));
  write_file(paths.machine, machine_json(fingerprint, ceilings_of(samples_in(paths.samples)), failures));
  std::printf("%s", sample_table(all).c_str());
  print_failures(failures);
  std::printf("%zu samples in %s\n", all.size(), csv.c_str());
  if (result.stopped && !interrupted && !is_lost()) std::printf("The time was up: run again to go on.\n");
  return interrupted ? kInterrupted : is_lost() ? kLost : kDone;
}

int show_plan(const CudaOptions& options) {
  DeviceInfo device = nominal_h200();
  try {
    device = query_device(options.device);
  } catch (const std::runtime_error& e) {
    std::printf("%s\n", e.what());
  }
  const Families families = cuda_families({device, nullptr, options.seed});
  if (options.list) {
    std::printf("%s", list_of(families).c_str());
  } else {
    std::printf("%s\n%s", device.name.c_str(), plan_table(plan_of(families, options, {}, {})).c_str());
  }
  return kDone;
}

int run(const CudaOptions& options) {
  if (options.help) {
    std::printf("%s", usage().c_str());
    return kDone;
  }
  if (options.dry_run || options.list) return show_plan(options);
  std::shared_ptr<Gpu> gpu;
  try {
    gpu = std::make_shared<Gpu>(options.device);
  } catch (const std::runtime_error& e) {
    std::fprintf(stderr, "tiersim_cuda: %s\n", e.what());
    return kUnusable;
  }
  if (options.offload.wanted) return serve_offload(options, *gpu, [] { return interrupted.load(); });
  return measure(options, {gpu->info(), gpu, options.seed});
}

}  // namespace

int main(int count, char** arguments) {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  try {
    return run(parse_options({arguments + 1, static_cast<std::size_t>(count > 0 ? count - 1 : 0)}));
  } catch (const std::invalid_argument& e) {
    std::fprintf(stderr, "tiersim_cuda: %s\n", e.what());
    return kUnusable;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "tiersim_cuda: %s\n", e.what());
    return kError;
  }
}
