#include "tools/tiersim/calibrate_tables.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>

#include "calib/fit/calibrate.hpp"
#include "calib/import/imported_tables.hpp"
#include "calib/import/table_rules.hpp"
#include "sim/report/files.hpp"
#include "tools/tiersim/calibrate_text.hpp"
#include "tools/tiersim/commands.hpp"

namespace tiersim::cli {
namespace {

namespace fs = std::filesystem;

calib::ImportedTables read(const TablesRequest& request) {
  const std::size_t colon = request.tables.find(':');
  if (colon == std::string::npos) {
    misuse(request.command, fmt::format("--tables {}: expected FORMAT:FOLDER", request.tables),
           {fmt::format("formats: {}", fmt::join(calib::table_formats(), ", "))});
  }
  try {
    return calib::read_tables(request.tables.substr(0, colon), request.tables.substr(colon + 1));
  } catch (const std::exception& e) {
    misuse(request.command, e.what());
  }
}

}  // namespace

int calibrate_tables(const TablesRequest& request) {
  if (request.out.empty()) misuse(request.command, "--out is missing", {"name the profile: --out calib/profiles/NAME"});
  const calib::ImportedTables imported = read(request);
  fmt::print("{} kernel times of {}\n\n", imported.samples.size(), calib::text_in(imported.fingerprint, "device"));
  std::fflush(stdout);
  const fs::path out(request.out);
  const calib::Calibration calibration =
      calib::calibrate(out.filename().string(), imported.samples, imported.fingerprint,
                       calib::table_rules(request.seed, !request.roofline));
  const std::string folder = out.has_parent_path() ? out.parent_path().string() : ".";
  write_output_directory(folder, std::vector<OutputFile>{{out.filename().string() + ".yaml", calibration.profile_yaml}},
                         true);
  fmt::print("errors of the fit, relative to the measured time\n{}\nwritten\n  {}.yaml\n",
             series_text(calibration.profile.errors), request.out);
  return 0;
}

}  // namespace tiersim::cli
