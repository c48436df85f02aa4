#include "tools/tiersim/calibrate_tables.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <stdexcept>

#include "calib/fit/calibrate.hpp"
#include "calib/import/beyond_peak.hpp"
#include "calib/import/imported_tables.hpp"
#include "calib/import/table_rules.hpp"
#include "hw/gpu_spec.hpp"
#include "models/model_files.hpp"
#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"
#include "sim/report/files.hpp"
#include "sim/report/human.hpp"
#include "tools/tiersim/calibrate_text.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/scenario_input.hpp"

namespace tiersim::cli {
namespace {

namespace fs = std::filesystem;

models::ModelSpec model_named(const TablesRequest& request, const std::string& name) {
  return models::load_model(environment(request.command, request.library).library, name);
}

calib::ImportedTables read(const TablesRequest& request) {
  const std::size_t colon = request.tables.find(':');
  if (colon == std::string::npos) {
    misuse(request.command, fmt::format("--tables {}: expected FORMAT:FOLDER", request.tables),
           {fmt::format("formats: {}", fmt::join(calib::table_formats(), ", "))});
  }
  try {
    return calib::read_tables(request.tables.substr(0, colon), request.tables.substr(colon + 1),
                              [&](const std::string& name) { return model_named(request, name); });
  } catch (const std::exception& e) {
    misuse(request.command, e.what());
  }
}

hw::GpuSpec gpu_named(const TablesRequest& request) {
  const std::string folder = environment(request.command, request.library).library + "/hw/devices";
  const std::string path = config::path_in(folder, request.gpu);
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) {
    const std::vector<std::string> names = config::names_in(folder);
    const std::string_view near = nearest(request.gpu, {names.begin(), names.end()});
    misuse(request.command, fmt::format("unknown device '{}'", request.gpu),
           {near.empty() ? "tiersim list hardware shows them" : fmt::format("did you mean '{}'?", near)});
  }
  Diagnostics diagnostics;
  const config::Value map = config::load_yaml(path, diagnostics);
  config::Fields fields(map, fmt::format("device '{}'", request.gpu), diagnostics);
  hw::GpuSpec gpu = hw::read_gpu(fields);
  throw_if_errors(diagnostics);
  return gpu;
}

void warn_of_slips(const TablesRequest& request, const hw::GpuSpec& gpu, const std::vector<calib::Sample>& samples) {
  const double fp8 = gpu.peak(hw::NumberType::fp8).value();
  const calib::BeyondPeak beyond =
      calib::beyond_peak(samples, {{"bf16", gpu.half_peak().value()}, {"fp8", fp8}, {"fp8_block", fp8}});
  if (beyond.count == 0) return;
  fmt::print(stderr,
             "{}: warning: {} of products faster than {} can compute, by a factor of up to {:.3g}: {}\n"
             "      = are the table's times in the unit that its format says?\n",
             request.command, human::counted(beyond.count, "time"), gpu.name, beyond.factor, beyond.worst);
}

/// Products of other shapes than the model's are left out: what the fit then says about them is extrapolated.
void keep_products_of(const TablesRequest& request, std::vector<calib::Sample>& samples) {
  try {
    const std::set<calib::ProductShape> shapes = calib::products_of(model_named(request, request.only));
    std::erase_if(samples, [&](const calib::Sample& s) {
      return s.point.family != "gemm" || !shapes.contains({s.point.at("n"), s.point.at("k")});
    });
  } catch (const std::runtime_error& e) {
    misuse(request.command, e.what());
  }
}

}  // namespace

int calibrate_tables(const TablesRequest& request) {
  if (request.out.empty()) misuse(request.command, "--out is missing", {"name the profile: --out calib/profiles/NAME"});
  const std::optional<hw::GpuSpec> gpu = request.gpu.empty() ? std::nullopt : std::optional(gpu_named(request));
  calib::ImportedTables imported = read(request);
  if (gpu) imported.fingerprint.emplace_back("processors", fmt::format("{}", gpu->sms));
  fmt::print("{} of {}\n\n", human::counted(static_cast<std::int64_t>(imported.samples.size()), "kernel time"),
             calib::text_in(imported.fingerprint, "device"));
  std::fflush(stdout);
  if (gpu) warn_of_slips(request, *gpu, imported.samples);
  if (!request.only.empty()) {
    keep_products_of(request, imported.samples);
    imported.shapes.clear();  // what is left out is what there is to compare with
  }
  const fs::path out(request.out);
  const calib::Calibration calibration =
      calib::calibrate(out.filename().string(), imported.samples, imported.fingerprint,
                       calib::table_rules(imported, request.seed, !request.roofline));
  const std::string folder = out.has_parent_path() ? out.parent_path().string() : ".";
  write_output_directory(folder, std::vector<OutputFile>{{out.filename().string() + ".yaml", calibration.profile_yaml}},
                         true);
  fmt::print("errors of the fit, relative to the measured time\n{}\nwritten\n  {}.yaml\n",
             series_text(calibration.profile.errors), request.out);
  return 0;
}

}  // namespace tiersim::cli
