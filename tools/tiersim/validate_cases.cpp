#include "tools/tiersim/validate_cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "calib/validate/case_text.hpp"
#include "sim/config/library.hpp"
#include "sim/report/files.hpp"
#include "tools/tiersim/options.hpp"
#include "tools/tiersim/scenario_input.hpp"

namespace tiersim::cli {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> case_files(const CasesRequest& request, const std::string& library) {
  const std::string folder = library + "/tests/validation/cases";
  const std::vector<std::string> names = config::names_in(folder);
  std::vector<std::string> files;
  for (const std::string& name : names) {
    if (request.one_case.empty() || request.one_case == name) files.push_back(config::path_in(folder, name));
  }
  std::error_code ignored;
  if (files.empty() && fs::is_regular_file(request.one_case, ignored)) files.push_back(request.one_case);
  if (files.empty())
    misuse(request.command, fmt::format("unknown case '{}'", request.one_case),
           suggestions(request.one_case, {names.begin(), names.end()}, "cases"));
  return files;
}

calib::CaseReport report_of(const CasesRequest& request, const std::string& file, const Environment& places) {
  Diagnostics diagnostics;
  calib::CaseReport report;
  try {
    report = calib::run_case(file, places, diagnostics);
  } catch (const std::runtime_error& e) {
    misuse(request.command, fmt::format("case '{}': {}", fs::path(file).stem().string(), e.what()));
  }
  throw_if_errors(diagnostics);
  return report;
}

}  // namespace

int validate_cases(const CasesRequest& request) {
  const Environment places = environment(request.command, request.library);
  std::vector<calib::CaseReport> reports;
  for (const std::string& file : case_files(request, places.library)) {
    reports.push_back(report_of(request, file, places));
    fmt::print("{}\n", calib::case_text(reports.back(), request.by_regime));
    std::fflush(stdout);
  }
  fmt::print("{}", calib::summary_text(reports));
  if (!request.csv.empty()) write_output_file("--csv", request.csv, calib::cases_csv(reports));
  if (!request.plot.empty()) write_output_file("--plot", request.plot, svg_of(calib::cases_plot(reports)));
  return std::all_of(reports.begin(), reports.end(), [](const auto& report) { return report.holds(); }) ? 0 : 1;
}

}  // namespace tiersim::cli
