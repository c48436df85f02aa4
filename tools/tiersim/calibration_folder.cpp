#include "tools/tiersim/calibration_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

#include "calib/samples_h5.hpp"
#include "sim/report/files.hpp"
#include "tools/tiersim/measuring.hpp"

namespace tiersim::cli {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kSameMachine = {"kind", "device", "processors", "uuid_hash", "drive"};

/// "calib/profiles/mine", "calib/profiles/mine/" and "calib/profiles/mine.yaml" are the same.
std::string without_ending(std::string out) {
  while (out.size() > 1 && out.ends_with('/')) out.pop_back();
  if (out.ends_with(".yaml")) out.resize(out.size() - 5);
  return out;
}

bool is_plain(const std::string& name) {
  return !name.empty() && name[0] != '.' && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

std::string parent_of(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

}  // namespace

CalibrationFolder::CalibrationFolder(std::string command, std::string out)
    : command_(std::move(command)), folder_(without_ending(std::move(out))) {
  name_ = fs::path(folder_).filename().string();
  if (folder_.empty())
    misuse(command_, "--out is missing", {"say where the profile goes: --out calib/profiles/my-machine"});
  if (!is_plain(name_))
    misuse(command_, fmt::format("--out ends in '{}', which is no name for a profile", name_),
           {"letters, digits, '-', '_' and '.': --out calib/profiles/my-machine"});
  check_output_directory(folder_, true);
  check_output_directory(parent_of(folder_), true);
}

std::string CalibrationFolder::existing_folder() const {
  std::error_code ignored;
  fs::path there = fs::absolute(folder_).lexically_normal();
  while (!fs::is_directory(there, ignored) && there.has_relative_path()) there = there.parent_path();
  return there.string();
}

std::vector<calib::Sample> CalibrationFolder::samples() const {
  std::vector<calib::Sample> latest;
  if (!fs::exists(samples_path())) return latest;
  std::map<std::string, std::size_t> at;
  for (calib::Sample& s : read_samples(command_, samples_path())) {
    const auto [found, is_new] = at.try_emplace(s.point.key(), latest.size());
    if (is_new) latest.emplace_back();
    latest[found->second] = std::move(s);
  }
  return latest;
}

void CalibrationFolder::require_same_machine(const calib::Fingerprint& fingerprint) const {
  if (!fs::exists(samples_path())) return;
  const calib::Fingerprint there = calib::fingerprint_in(folder_);
  const std::vector<std::string> notes = {"name another --out, or measure anew with --fresh"};
  if (there.empty())
    misuse(command_, fmt::format("'{}' holds samples, but no fingerprint.json says of which machine", folder_), notes);
  const std::string key = calib::first_difference(there, fingerprint, kSameMachine);
  if (!key.empty())
    misuse(command_,
           fmt::format("'{}' holds samples of another machine: its {} is '{}', this one's '{}'", folder_, key,
                       calib::text_in(there, key), calib::text_in(fingerprint, key)),
           notes);
}

void CalibrationFolder::clear() const {
  for (const char* name : {"samples.csv", "failures.txt"}) fs::remove(folder_ + "/" + name);
}

void CalibrationFolder::begin(const calib::Fingerprint& fingerprint) const {
  write_output_directory(folder_, std::vector<OutputFile>{{"fingerprint.json", calib::fingerprint_json(fingerprint)}},
                         true);
}

std::vector<std::string> CalibrationFolder::write(const calib::Calibration& calibration,
                                                  const std::vector<calib::Sample>& samples,
                                                  const calib::Fingerprint& fingerprint) const {
  std::vector<OutputFile> files = {{"fingerprint.json", calib::fingerprint_json(fingerprint)},
                                   {"samples.h5", calib::samples_h5(samples)}};
  if (!calibration.machine_yaml.empty()) files.push_back({"machine.yaml", calibration.machine_yaml});
  if (!fs::exists(samples_path())) {
    std::string csv = calib::csv_header() + "\n";
    for (const calib::Sample& s : samples) csv += calib::csv_row(s) + "\n";
    files.push_back({"samples.csv", std::move(csv)});
  }
  write_output_directory(folder_, files, true);
  write_output_directory(parent_of(folder_), std::vector<OutputFile>{{name_ + ".yaml", calibration.profile_yaml}},
                         true);
  std::vector<std::string> paths = {profile_path()};
  for (const OutputFile& f : files) paths.push_back(folder_ + "/" + f.name);
  if (paths.back() != samples_path()) paths.push_back(samples_path());
  return paths;
}

}  // namespace tiersim::cli
