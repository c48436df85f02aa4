// tiersim calibrate: measure a machine, fit a profile to it.
#include <fmt/format.h>

#include <filesystem>

#include "calib/host/families.hpp"
#include "sim/report/human.hpp"
#include "tools/tiersim/calibrate_tables.hpp"
#include "tools/tiersim/calibrate_text.hpp"
#include "tools/tiersim/calibration_folder.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/cuda_program.hpp"
#include "tools/tiersim/measuring.hpp"
#include "tools/tiersim/scenario_input.hpp"

namespace tiersim::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCommand = "tiersim calibrate";

struct CalibrateRequest {
  MeasuringRequest measuring;
  std::string out, samples, tables, gpu, only, library;
  std::int64_t seed = 1;
  bool fresh = false, roofline = false;

  void declare(Options& options) {
    options.group("Measure");
    measuring.declare(options);
    options.count("seed", "N", "decides the order of points (default: 1)", seed, 0);
    options.flag("fresh", "measure all anew, whatever --out holds", fresh);
    options.text("samples", "FILE", "measure nothing: fit to samples.csv of another machine", samples);
    options.text("tables", "FORMAT:FOLDER", "measure nothing: fit to tables of others; --seed chooses what is held out",
                 tables);
    options.text("gpu", "NAME", "with --tables: a device of hw/devices, whose peaks no product may pass", gpu);
    options.text("only", "MODEL", "with --tables: fit the products of this model's layers alone", only);
    options.flag("roofline", "with --tables: fitted efficiencies alone, no tables of factors", roofline);
    options.group("Output");
    options.text("out", "DIR", "DIR.yaml becomes the profile, DIR holds its samples and the machine", out);
    declare_library(options, library);
  }
  [[nodiscard]] calib::PlanRequest plan_request(const std::vector<calib::Sample>& measured) const {
    calib::PlanRequest request;
    request.families = measuring.families;
    request.budget = measuring.budget_seconds();
    request.seed = static_cast<std::uint64_t>(seed);
    for (const calib::Sample& s : measured)
      if (!s.throttled) request.done.insert(s.point.key());
    return request;
  }
};

/// How to simulate with what was made: by name where the library has it.
std::string run_line(const CalibrateRequest& request, const CalibrationFolder& place, bool has_machine) {
  const fs::path profiles = fs::path(environment(kCommand, request.library).library) / "calib/profiles";
  std::error_code ignored;
  const bool by_name = fs::equivalent(fs::path(place.profile_path()).parent_path() / ".", profiles, ignored);
  std::string line = "tiersim run scenarios/one-machine.yaml";
  if (has_machine) line += " --set machine=" + (by_name ? place.name() : place.machine_path());
  return line + " --set profile=" + (by_name ? place.name() : place.profile_path());
}

void fit(const CalibrateRequest& request, const CalibrationFolder& place, const std::vector<calib::Sample>& samples,
         const calib::Fingerprint& fingerprint, const std::vector<calib::Failure>& failures) {
  if (!failures.empty()) fmt::print("could not be measured\n{}\n", failures_text(failures));
  if (samples.empty()) throw std::runtime_error("nothing could be measured");
  std::fflush(stdout);  // before what an error says
  const calib::Calibration calibration = calib::calibrate(place.name(), samples, fingerprint);
  const std::vector<std::string> paths = place.write(calibration, samples, fingerprint);

  fmt::print("{}errors of the fit, relative to the measured time\n{}\n", ceilings_text(calib::ceilings_of(samples)),
             errors_text(calibration.by_family));
  fmt::print("{}", throttled_text(samples));
  fmt::print("written\n");
  for (const std::string& path : paths) fmt::print("  {}\n", path);
  const bool has_machine = !calibration.machine_yaml.empty();
  if (!has_machine) fmt::print("\nno machine.yaml: it needs the family ceiling, measured undisturbed\n");
  fmt::print("\nsimulate this machine\n  {}\n", run_line(request, place, has_machine));
}

void print_stopped(const CalibrationFolder& place, const calib::Plan& plan, const calib::SessionResult& result,
                   bool interrupted) {
  fmt::print(stderr,
             "{}: {}: {} of {} are measured and kept in {}\n"
             "      = the same command continues\n",
             kCommand, interrupted ? "stopped" : "the machine is busy and the time is up",
             plan.done_before + result.samples.size(),
             human::counted(static_cast<std::int64_t>(plan.done_before + plan.points.size()), "point"),
             place.samples_path());
}

int calibrate_host(const CalibrateRequest& request, const CalibrationFolder& place) {
  const HostBench bench(request.measuring, place.existing_folder());
  const calib::Fingerprint fingerprint = bench.fingerprint();
  if (request.fresh) place.clear();
  place.require_same_machine(fingerprint);
  const std::vector<calib::Sample> before = place.samples();
  const calib::Plan plan = make_plan(bench.families(), request.plan_request(before));
  place.begin(fingerprint);
  calib::SessionSettings settings;
  settings.csv_path = place.samples_path();
  settings.ceilings = calib::ceilings_of(before);
  const Interrupt interrupt;
  const calib::SessionResult result = bench.run(plan, settings, interrupt);
  if (result.stopped) print_stopped(place, plan, result, interrupt.flag());
  if (!result.stopped || !interrupt.flag()) fit(request, place, place.samples(), fingerprint, result.failures);
  return result.stopped ? 1 : 0;
}

CudaRun cuda_run(const CalibrateRequest& request, int number) {
  CudaRun run;
  run.device = number;
  run.budget = request.measuring.budget;
  run.families = request.measuring.families;
  run.seed = static_cast<std::uint64_t>(request.seed);
  run.dry_run = request.measuring.dry_run;
  return run;
}

int calibrate_gpu(const CalibrateRequest& request, const CalibrationFolder& place, int number) {
  if (request.fresh) place.clear();
  place.require_same_machine({{"kind", "cuda"}});
  CudaRun run = cuda_run(request, number);
  run.out = place.folder();
  run_cuda_program(kCommand, run);
  fit(request, place, place.samples(), calib::fingerprint_in(place.folder()), {});
  return 0;
}

int fit_only(const CalibrateRequest& request, const CalibrationFolder& place) {
  const std::string& file = request.samples;
  const std::vector<calib::Sample> samples = read_samples(kCommand, file);
  const fs::path folder = fs::path(file).parent_path();
  const calib::Fingerprint fingerprint = calib::fingerprint_in(folder.empty() ? "." : folder.string());
  if (fingerprint.empty())
    misuse(kCommand, fmt::format("nothing beside '{}' says of which machine it is", file),
           {"put its machine.json (or fingerprint.json) into the same folder"});
  std::error_code ignored;
  if (!fs::equivalent(file, place.samples_path(), ignored)) {
    if (request.fresh) place.clear();
    if (fs::exists(place.samples_path()))
      misuse(kCommand, fmt::format("'{}' holds other samples", place.folder()),
             {"name another --out, or replace them with --fresh"});
  }
  fit(request, place, samples, fingerprint, {});
  return 0;
}

/// Prints the plan; --out need not be named.
int dry_run(const CalibrateRequest& request, const Device& device) {
  if (device.gpu) {
    run_cuda_program(kCommand, cuda_run(request, device.number));
    return 0;
  }
  std::string folder = ".";
  std::vector<calib::Sample> before;
  if (!request.out.empty()) {
    const CalibrationFolder place(kCommand, request.out);
    folder = place.existing_folder();
    if (!request.fresh) before = place.samples();
  }
  const HostBench bench(request.measuring, folder);
  const calib::Plan plan = make_plan(bench.families(), request.plan_request(before));
  fmt::print("{}", plan_text(plan, bench.families(), request.measuring.budget_seconds()));
  return 0;
}

}  // namespace

int calibrate_command(const Arguments& arguments) {
  Options options({kCommand,
                   "Measures this machine by running small kernels of every kind and size, fits a law to each series\n"
                   "of them, and writes the profile that the cost model reads, with how far it is off on the points\n"
                   "that it was fitted to and on those held out. Ctrl-C stops early; the same command continues.\n"
                   "  tiersim calibrate --out calib/profiles/my-machine",
                   "tiersim calibrate --family overhead --family memory --budget 1min --dry-run"});
  CalibrateRequest request;
  request.measuring.command = kCommand;
  request.measuring.budget = Duration(300'000'000'000);
  request.declare(options);
  if (!options.parse(arguments)) return 0;
  request.measuring.split_families();
  if (!request.tables.empty()) {
    return calibrate_tables({kCommand, request.tables, request.out, request.gpu, request.only, request.library,
                             static_cast<std::uint64_t>(request.seed), request.roofline});
  }
  const Device device = request.measuring.device();
  if (request.measuring.dry_run) return dry_run(request, device);
  const CalibrationFolder place(kCommand, request.out);
  if (!request.samples.empty()) return fit_only(request, place);
  return device.gpu ? calibrate_gpu(request, place, device.number) : calibrate_host(request, place);
}

}  // namespace tiersim::cli
