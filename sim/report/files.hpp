#pragma once
/// The output directory of a run, or a file that an option names: whole or not at all.
///
/// Called by the command: check_output_directory() before the run, so that a wrong --out costs no simulation, then
/// write_output_directory(); the same for a file. Every file is written aside (.<name>.part) and renamed when all are
/// complete; after a failure what was written aside is gone, and so are directories made for it. Without `overwrite`
/// the directory must be absent or empty; with it, the files to be written replace their namesakes and nothing else is
/// touched. A file replaces its namesake. Errors: BadInput, which names the option, for a place that may not be written
/// to by these rules; std::runtime_error with path and reason for a failing disk.
#include <span>
#include <string>
#include <vector>

#include "sim/report/report.hpp"

namespace tiersim {

struct OutputFile {
  std::string name, content;
};

/// summary.json, requests.csv, series.h5, scenario.resolved.yaml, run_info.json. All but the last follow from the
/// report.
[[nodiscard]] std::vector<OutputFile> output_files(const Report& report, const RunInfo& info);

void check_output_directory(const std::string& directory, bool overwrite);
void write_output_directory(const std::string& directory, std::span<const OutputFile> files, bool overwrite);

/// `option`: "--csv", as the user gave it. The file's directory is made where there is none.
void check_output_file(const std::string& option, const std::string& path);
void write_output_file(const std::string& option, const std::string& path, const std::string& content);

}  // namespace tiersim
