// tiersim validate: hold a profile's predictions against measurements that its fit never saw.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>

#include "calib/fingerprint.hpp"
#include "calib/host/families.hpp"
#include "calib/validate/validation_text.hpp"
#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"
#include "sim/report/files.hpp"
#include "sim/report/human.hpp"
#include "tools/tiersim/calibrate_text.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/cuda_program.hpp"
#include "tools/tiersim/measuring.hpp"
#include "tools/tiersim/scenario_input.hpp"
#include "tools/tiersim/scratch_folder.hpp"
#include "tools/tiersim/validate_cases.hpp"
#include "tools/tiersim/validate_offload.hpp"

namespace tiersim::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCommand = "tiersim validate";
constexpr int kPasses = 2;
constexpr double kKernels = 0.5;  // of the time, where the engine has its turn as well

struct ValidateRequest {
  MeasuringRequest measuring;
  std::string one_case, profile, samples, csv, plot, keep, library, what = "all";
  bool by_regime = false;
  std::int64_t points = 12;
  std::int64_t seed = std::chrono::duration_cast<std::chrono::seconds>(  // another one every time
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();

  void declare(Options& options) {
    options.operand("CASE", "one of the cases, or a file (without it all of them)", one_case, false);
    options.group("Measure");
    measuring.declare(options);
    options.count("points", "N", "fresh sizes a family (default: 12)", points, 1);
    options.count("seed", "N", "decides the sizes (default: from the clock; printed)", seed, 0);
    options.choice("what", {"all", "kernels", "offload"},
                   "kernels, a small engine over memory and drive, or both (default: all)", what);
    options.text("samples", "FILE", "measure nothing: take fresh points from a samples.csv", samples);
    options.group("Profile");
    options.text("profile", "NAME|FILE", "what predicts: a profile of the library, or a file", profile);
    declare_library(options, library);
    options.group("Output");
    options.text("csv", "FILE", "write every point, measured and predicted, there", csv);
    options.text("plot", "FILE.svg", "cases: draw measured against predicted there", plot);
    options.flag("by-regime", "cases: errors by what bounds the points, too", by_regime);
    options.text("keep", "DIR", "keep what the engine measured, with its trace (HDF5), there", keep);
  }

  /// Asking for families, for points of a file or for a GPU is asking for kernels.
  [[nodiscard]] bool kernels() const { return what != "offload"; }
  /// Without anything to measure, or to hold a profile of one's own against, it is about published measurements.
  [[nodiscard]] bool cases() const {
    const bool measures = !profile.empty() || !samples.empty() || !measuring.families.empty() || what != "all";
    return !one_case.empty() || !(measures || measuring.dry_run);
  }
  [[nodiscard]] bool offload() const {
    const bool host = samples.empty() && measuring.families.empty() && !measuring.device().gpu;
    if (what == "offload" && !host)
      misuse(kCommand, "--what offload is about this host: without --samples, --family and --device cuda");
    return what == "offload" || (what == "all" && host);
  }
  /// Seconds for the kernels; the rest is the engine's.
  [[nodiscard]] double kernel_seconds() const { return measuring.budget_seconds() * (offload() ? kKernels : 1); }
};

struct LoadedProfile {
  std::string path;
  calib::Profile profile;
};

std::string find_profile(const ValidateRequest& request) {
  if (request.profile.empty())
    misuse(kCommand, "--profile is missing", {"name a profile that calibrate made: --profile my-machine"});
  const bool is_path = request.profile.find('/') != std::string::npos || request.profile.ends_with(".yaml");
  const std::string folder = environment(kCommand, request.library).library + "/calib/profiles";
  const std::string path = is_path ? request.profile : config::path_in(folder, request.profile);
  std::error_code ignored;
  for (const std::string& file : {path, path + ".yaml"}) {  // what calibrate was given as --out will do
    if (fs::is_regular_file(file, ignored)) return file;
  }
  if (is_path) misuse(kCommand, fmt::format("no profile '{}'", path), {"tiersim calibrate makes one"});
  const std::vector<std::string> names = config::names_in(folder);
  misuse(kCommand, fmt::format("unknown profile '{}'", request.profile),
         suggestions(request.profile, {names.begin(), names.end()}, "profiles"));
}

LoadedProfile load_profile(const ValidateRequest& request) {
  LoadedProfile loaded{find_profile(request), {}};
  Diagnostics diagnostics;
  const config::Value map = config::load_yaml(loaded.path, diagnostics);
  throw_if_errors(diagnostics);
  config::Fields fields(map, fmt::format("profile '{}'", loaded.path), diagnostics);
  loaded.profile = calib::read_profile(fields);
  throw_if_errors(diagnostics);
  if (loaded.profile.laws.empty())
    misuse(kCommand, fmt::format("profile '{}' has no laws: it was assumed, not measured", loaded.profile.name),
           {"tiersim calibrate makes one that was"});
  return loaded;
}

/// Families of the profile's laws; of those asked for, if any were.
std::vector<std::string> families_to_check(const ValidateRequest& request, const calib::Profile& profile) {
  std::vector<std::string> known, chosen;
  for (const calib::Law& law : profile.laws)
    if (std::find(known.begin(), known.end(), law.family) == known.end()) known.push_back(law.family);
  const std::vector<std::string>& wanted = request.measuring.families;
  for (const std::string& name : known)
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end()) chosen.push_back(name);
  if (chosen.empty())
    misuse(kCommand, fmt::format("profile '{}' has no law of these families", profile.name),
           {"it has: " + joined({known.begin(), known.end()})});
  return chosen;
}

void require_same_kind(const calib::Profile& profile, const calib::Fingerprint& measured) {
  for (const char* key : {"kind", "device"}) {
    const std::string of_profile = calib::text_in(profile.fingerprint, key), here = calib::text_in(measured, key);
    if (of_profile.empty() || here.empty() || of_profile == here) continue;
    fmt::print(stderr, "{}: warning: the profile's {} is '{}', but '{}' is measured\n", kCommand, key, of_profile,
               here);
  }
}

calib::Plan plan_of(const HostBench& bench, const ValidateRequest& request, std::vector<std::string> families) {
  calib::PlanRequest wanted;
  wanted.families = std::move(families);
  wanted.budget = request.kernel_seconds() / kPasses;
  wanted.seed = static_cast<std::uint64_t>(request.seed);
  return make_fresh_plan(bench.families(), wanted, static_cast<std::size_t>(request.points));
}

/// One pass over the points, in an order of its own.
std::vector<calib::Sample> pass_over(const HostBench& bench, const calib::Plan& plan, int pass) {
  const Interrupt interrupt;
  calib::SessionResult result = bench.run(reordered(plan, static_cast<std::uint64_t>(pass)), {}, interrupt,
                                          fmt::format("pass {} of {}: ", pass + 1, kPasses));
  if (interrupt.flag()) throw std::runtime_error("stopped early: nothing to judge");
  if (result.stopped) fmt::print("! the machine is busy: the time was up before every point was measured\n");
  if (!result.failures.empty()) fmt::print("could not be measured\n{}\n", failures_text(result.failures));
  return std::move(result.samples);
}

/// Every point twice. What else there is to do on the host is done between the passes: a shared machine drifts over
/// minutes, and the nearer the passes the less of that the spread would show.
std::vector<calib::Sample> measure_host(const HostBench& bench, const calib::Plan& plan,
                                        const std::function<void()>& between) {
  std::vector<calib::Sample> samples = pass_over(bench, plan, 0);
  between();
  const std::vector<calib::Sample> again = pass_over(bench, plan, 1);
  samples.insert(samples.end(), again.begin(), again.end());
  return samples;
}

std::vector<calib::Sample> measure_gpu(const ValidateRequest& request, int number, std::vector<std::string> families,
                                       const calib::Profile& profile) {
  std::vector<calib::Sample> samples;
  CudaRun run;
  run.device = number;
  run.budget = request.measuring.budget / kPasses;
  run.families = std::move(families);
  run.seed = static_cast<std::uint64_t>(request.seed);
  run.fresh = request.points;
  for (int pass = 0; pass < kPasses; ++pass) {
    const ScratchFolder folder;
    run.out = folder.path();
    run_cuda_program(kCommand, run);
    const std::vector<calib::Sample> fresh = calib::read_csv_file(folder.path() + "/fresh.csv");
    samples.insert(samples.end(), fresh.begin(), fresh.end());
    if (pass == 0) require_same_kind(profile, calib::fingerprint_in(folder.path()));
  }
  return samples;
}

struct FreshSamples {
  std::vector<calib::Sample> samples;
  std::string drift;  ///< a line about the machine, or nothing
};

FreshSamples fresh_samples(const ValidateRequest& request, const LoadedProfile& loaded,
                           const std::function<void()>& between) {
  if (!request.samples.empty()) return {read_samples(kCommand, request.samples), {}};
  const Device device = request.measuring.device();
  std::vector<std::string> families = families_to_check(request, loaded.profile);
  if (device.gpu) return {measure_gpu(request, device.number, std::move(families), loaded.profile), {}};
  const HostBench bench(request.measuring, fs::absolute(loaded.path).parent_path().string());
  require_same_kind(loaded.profile, bench.fingerprint());
  std::vector<calib::Ceilings> ceilings{bench.ceilings()};
  FreshSamples fresh{measure_host(bench, plan_of(bench, request, std::move(families)), between), {}};
  ceilings.push_back(bench.ceilings());
  fresh.drift = drift_text(loaded.profile.ceilings, ceilings);
  return fresh;
}

/// Kernels alone: every law against fresh sizes.
bool validate_kernels(const ValidateRequest& request, const LoadedProfile& loaded,
                      const std::function<void()>& between) {
  const bool gpu = request.measuring.device().gpu;
  fmt::print("{} against {}, {}\n\n", request.measuring.device_text, loaded.path,
             request.samples.empty() ? fmt::format("seed {}", request.seed) : "points of " + request.samples);
  std::fflush(stdout);
  const FreshSamples fresh = fresh_samples(request, loaded, between);
  const calib::Validation validation =
      calib::validate(loaded.profile, fresh.samples, gpu ? calib::Machine::gpu : calib::Machine::host);
  fmt::print("{}{}", validation_text(validation), fresh.drift);
  if (!request.csv.empty()) write_output_file("--csv", request.csv, calib::validation_csv(validation));
  return validation.holds();
}

bool validate_offload(const ValidateRequest& request, const LoadedProfile& loaded) {
  OffloadRequest offload{.command = kCommand,
                         .profile_path = loaded.path,
                         .folder = request.measuring.folder,
                         .keep = request.keep,
                         .seed = request.seed,
                         .seconds = request.measuring.budget_seconds()};
  if (request.kernels()) offload.seconds -= request.kernel_seconds();
  if (offload.folder.empty()) offload.folder = fs::absolute(loaded.path).parent_path().string();
  const bool holds = offload_holds(offload, loaded.profile);
  if (request.kernels()) fmt::print("\n");
  return holds;
}

void dry_run(const ValidateRequest& request) {
  const Device device = request.measuring.device();
  if (device.gpu) {
    CudaRun run;
    run.device = device.number;
    run.budget = request.measuring.budget / kPasses;
    run.families = request.measuring.families;
    run.fresh = request.points;
    run.dry_run = true;
    return run_cuda_program(kCommand, run);
  }
  const HostBench bench(request.measuring, ".");
  const calib::Plan plan = plan_of(bench, request, request.measuring.families);
  fmt::print("{}\n  all of it twice, seed {}\n", plan_text(plan, bench.families(), request.kernel_seconds() / kPasses),
             request.seed);
}

}  // namespace

int validate_command(const Arguments& arguments) {
  Options options({kCommand,
                   "Holds predictions against published measurements: every case of tests/validation/cases, with its\n"
                   "error by row and what it may be. Exit status 1 if a row is missed. Needs TIERSIM_DATA.\n"
                   "  tiersim validate\n"
                   "With --profile it measures instead: draws fresh sizes of every kernel at random, measures each "
                   "twice, predicts it from the profile's\n"
                   "laws alone, and prints how far they lie apart. Exit status 1 if a family is further off than its\n"
                   "tolerance (or than twice what measuring the same points again differs by, if that is more).\n"
                   "On the host it also serves a small workload over real memory and a real drive, by several\n"
                   "eviction policies, and holds the simulator's times and hits against it.\n"
                   "  tiersim validate --profile my-machine",
                   "tiersim validate --family overhead --family memory --points 4 --dry-run"});
  ValidateRequest request;
  request.measuring.command = kCommand;
  request.measuring.budget = Duration(180'000'000'000);
  request.declare(options);
  if (!options.parse(arguments)) return 0;
  request.measuring.split_families();
  if (!request.csv.empty()) check_output_file("--csv", request.csv);
  if (!request.plot.empty()) check_output_file("--plot", request.plot);
  if (request.cases())
    return validate_cases({kCommand, request.one_case, request.csv, request.plot, request.library, request.by_regime});
  if (request.measuring.dry_run) {
    dry_run(request);
    return 0;
  }
  const LoadedProfile loaded = load_profile(request);
  const bool with_offload = request.offload();
  bool offload = true, kernels = true;
  const auto run_offload = [&] {
    if (with_offload) offload = validate_offload(request, loaded);
  };
  if (request.kernels()) {
    kernels = validate_kernels(request, loaded, run_offload);
  } else {
    run_offload();
  }
  return kernels && offload ? 0 : 1;
}

}  // namespace tiersim::cli
