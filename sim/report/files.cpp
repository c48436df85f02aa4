#include "sim/report/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <unistd.h>

#include "sim/core/diagnostics.hpp"
#include "sim/report/csv.hpp"
#include "sim/report/json.hpp"
#include "sim/report/series_h5.hpp"

namespace tiersim {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const std::error_code& reason) {
  throw std::runtime_error(fmt::format("{}: {}", path.string(), reason.message()));
}

/// `asked`: the option with its value.
[[noreturn]] void refuse(const std::string& asked, const std::string& message, std::vector<std::string> notes) {
  Diagnostics diagnostics;
  SourceMark mark;
  mark.file = asked;
  diagnostics.error(mark, message).notes = std::move(notes);
  throw BadInput(diagnostics);
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::error_code error;
  std::vector<std::string> names;
  fs::directory_iterator it(directory, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) names.push_back(it->path().filename().string());
  if (error) fail(directory, error);
  std::sort(names.begin(), names.end());
  return names;
}

std::string first_few(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  const std::vector<std::string_view> shown(
      names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, names.size())));
  return joined(shown) + (names.size() > kShown ? fmt::format(" and {} more", names.size() - kShown) : "");
}

void write_file(const fs::path& path, const std::string& content) {
  errno = 0;
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) fail(path, {errno, std::generic_category()});
  const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  const int write_error = errno;
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed) fail(path, {written ? errno : write_error, std::generic_category()});
}

/// Files being written aside; whatever is not in its place when this ends is removed, and so are new directories.
class Aside {
 public:
  explicit Aside(const fs::path& directory) : directory_(directory) {
    for (fs::path p = fs::absolute(directory).lexically_normal(); !p.empty() && !fs::exists(p); p = p.parent_path())
      made_.push_back(p);
    std::error_code error;
    fs::create_directories(directory_, error);
    if (error) fail(directory_, error);
  }
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;
  ~Aside() {
    if (done_) return;
    std::error_code ignored;  // there is an error on its way already
    for (const fs::path& p : parts_) fs::remove(p, ignored);
    for (const fs::path& p : made_) fs::remove(p, ignored);  // deepest first, and only if empty
  }

  void write(const OutputFile& file) {
    parts_.push_back(directory_ / ("." + file.name + ".part"));
    targets_.push_back(directory_ / file.name);
    write_file(parts_.back(), file.content);
  }
  void put_in_place() {
    for (const fs::path& p : targets_)
      if (fs::is_directory(p)) fail(p, std::make_error_code(std::errc::is_a_directory));
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      std::error_code error;
      fs::rename(parts_[i], targets_[i], error);
      if (error) fail(targets_[i], error);
    }
    done_ = true;
  }

 private:
  fs::path directory_;
  std::vector<fs::path> made_, parts_, targets_;
  bool done_ = false;
};

void write_whole(const fs::path& directory, std::span<const OutputFile> files) {
  Aside aside(directory);
  for (const OutputFile& file : files) aside.write(file);
  aside.put_in_place();
}

/// What is there of the directory's path must be a directory that we may write to.
void require_place(const std::string& asked, const fs::path& directory) {
  std::error_code ignored;
  fs::path there = fs::absolute(directory).lexically_normal();
  while (!fs::exists(there, ignored) && there.has_relative_path()) there = there.parent_path();
  if (!fs::is_directory(there, ignored))
    refuse(asked, fmt::format("'{}' is a file", there.string()), {"name a directory"});
  if (access(there.c_str(), W_OK | X_OK) != 0)
    refuse(asked, fmt::format("'{}' may not be written to", there.string()), {"name a directory of your own"});
}

fs::path directory_of(const std::string& file) {
  const fs::path parent = fs::path(file).parent_path();
  return parent.empty() ? "." : parent;
}

}  // namespace

std::vector<OutputFile> output_files(const Report& report, const RunInfo& info) {
  std::vector<OutputFile> files;
  files.push_back({"summary.json", summary_json(report)});
  files.push_back({"requests.csv", requests_csv(report.result.run)});
  files.push_back({"series.h5", series_h5(report.result.run)});
  files.push_back({"scenario.resolved.yaml", report.result.resolved_yaml});
  files.push_back({"run_info.json", run_info_json(info)});
  return files;
}

void check_output_directory(const std::string& directory, bool overwrite) {
  const std::string asked = "--out " + directory;
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (status.type() == fs::file_type::not_found) {
    if (directory.empty()) refuse(asked, "no directory is named", {"say where the results go: --out results"});
    require_place(asked, directory);
    return;
  }
  if (error) fail(directory, error);
  if (!fs::is_directory(status)) refuse(asked, "there is a file of that name", {"name a directory"});
  const std::vector<std::string> names = names_in(directory);
  if (!overwrite && !names.empty())
    refuse(asked, "the directory is not empty",
           {"it holds " + first_few(names), "name another, or replace earlier results in it with --overwrite"});
  require_place(asked, directory);
}

void write_output_directory(const std::string& directory, std::span<const OutputFile> files, bool overwrite) {
  check_output_directory(directory, overwrite);
  write_whole(directory, files);
}

void check_output_file(const std::string& option, const std::string& path) {
  const std::string asked = option + " " + path;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) refuse(asked, "there is a directory of that name", {"name a file"});
  if (!fs::path(path).has_filename()) refuse(asked, "no file is named", {"name a file"});
  require_place(asked, directory_of(path));
}

void write_output_file(const std::string& option, const std::string& path, const std::string& content) {
  check_output_file(option, path);
  write_whole(directory_of(path), std::vector<OutputFile>{{fs::path(path).filename().string(), content}});
}

}  // namespace tiersim
