#include "traces/readers.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "traces/mapped_file.hpp"
#include "traces/record_errors.hpp"

namespace tiersim::traces {
namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool is_file_or_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) || is_folder(path);
}

struct Place {
  fs::path path;
  std::string_view what;  ///< for messages
};

/// Every place where a trace of this name may be, the first to look at first.
std::vector<Place> candidates(const std::string& name, const std::string& scenario_dir, const std::string& data_dir) {
  if (fs::path(name).is_absolute()) return {{name, "as named"}};
  std::vector<Place> places;
  if (scenario_dir.empty()) {
    places.push_back({name, "from the working directory"});
  } else {
    places.push_back({fs::path(scenario_dir) / name, "beside the scenario"});
  }
  if (!data_dir.empty()) {
    places.push_back({fs::path(data_dir) / name, "in TIERSIM_DATA"});
    places.push_back({fs::path(data_dir) / "traces" / name, "in TIERSIM_DATA"});
  }
  return places;
}

/// The public files that the user may have meant: those of that base name, else all that the format reads.
std::vector<PublicFile> meant(const std::string& name, const std::string& format) {
  const auto& registry = Registry<TraceReader>::instance();
  std::vector<PublicFile> of_name, of_format;
  for (const std::string_view reader : registry.names()) {
    const auto made = registry.make(reader, {});
    for (const PublicFile& file : made->public_files()) {
      if (fs::path(file.path).filename() == fs::path(name).filename()) of_name.push_back(file);
      if (reader == format) of_format.push_back(file);
    }
  }
  return of_name.empty() ? of_format : of_name;
}

void report_missing(const std::string& name, const std::string& format, const std::vector<Place>& places,
                    const SourceMark& mark, Diagnostics& diagnostics) {
  Diagnostic& missing = diagnostics.error(mark, fmt::format("no trace file '{}'", name));
  const std::vector<PublicFile> files = meant(name, format);
  for (const PublicFile& file : files)
    missing.notes.push_back(fmt::format("get it from the GitHub project {}, file {}", file.project, file.path));
  if (!files.empty() && fs::path(name).is_relative())
    missing.notes.push_back(fmt::format(
        "put it beside the scenario as {0}, or set TIERSIM_DATA to the folder that holds traces/{0}", name));
  std::string looked;
  for (const auto& [path, what] : places)
    looked += fmt::format("{}{} ({})", looked.empty() ? "" : ", ", path.string(), what);
  missing.notes.push_back("looked for " + looked);
}

/// The file, with something in it; null after reporting what is wrong.
std::shared_ptr<const MappedFile> open_trace(const std::string& path, Diagnostics& diagnostics) {
  std::string problem;
  auto file = MappedFile::open(path, problem);
  RecordErrors errors(path, diagnostics);
  if (!file)
    errors.add({}, "cannot read the trace: " + problem);
  else if (file->size() == 0)
    errors.add({-1, 0}, "the trace is empty");
  return errors.any() ? nullptr : file;
}

/// The format asked for or guessed; empty after reporting that there is none.
std::string format_of(const std::string& path, const std::string& asked, const SourceMark& mark,
                      Diagnostics& diagnostics) {
  const auto& registry = Registry<TraceReader>::instance();
  std::string format = asked.empty() ? guess_format(path) : asked;
  if (registry.find(format)) return format;
  if (asked.empty() && !is_folder(path) && !open_trace(path, diagnostics)) return {};
  Diagnostic& unknown = diagnostics.error(mark, asked.empty() ? fmt::format("cannot tell the format of '{}'", path)
                                                              : fmt::format("unknown trace format '{}'", asked));
  const std::string_view near = nearest(asked, registry.names());
  if (!asked.empty() && !near.empty()) unknown.notes.push_back(fmt::format("did you mean '{}'?", near));
  unknown.notes.push_back("formats: " + joined(registry.names()));
  return {};
}

}  // namespace

Trace TraceReader::read(const std::string& path, Diagnostics& diagnostics) const {
  if (is_folder(path)) return parse_folder(path, diagnostics);
  const auto file = open_trace(path, diagnostics);
  return file ? parse(file, diagnostics) : Trace();
}

Trace TraceReader::parse_folder(const std::string& path, Diagnostics& diagnostics) const {
  RecordErrors(path, diagnostics).add({}, "cannot read the trace: it is a folder");
  return {};
}

std::string find_trace(const std::string& name, const std::string& scenario_dir, const std::string& data_dir) {
  for (const Place& place : candidates(name, scenario_dir, data_dir))
    if (is_file_or_folder(place.path)) return place.path.string();
  return {};
}

std::string guess_format(const std::string& path) {
  std::string problem;
  const bool folder = is_folder(path);
  const auto file = folder ? nullptr : MappedFile::open(path, problem);
  if (!folder && !file) return {};
  const auto& registry = Registry<TraceReader>::instance();
  for (const std::string_view name : registry.names()) {
    const auto reader = registry.make(name, {});
    if (folder ? reader->recognises_folder(path) : reader->recognises(file->text().substr(0, TraceReader::kHeadBytes)))
      return std::string(name);
  }
  return {};
}

Trace load_trace(const std::string& name, const std::string& format, const ReaderSetup& setup,
                 const std::string& scenario_dir, const std::string& data_dir, const SourceMark& mark,
                 Diagnostics& diagnostics) {
  const std::string path = find_trace(name, scenario_dir, data_dir);
  if (path.empty()) {
    report_missing(name, format, candidates(name, scenario_dir, data_dir), mark, diagnostics);
    return {};
  }
  const std::string known = format_of(path, format, mark, diagnostics);
  if (known.empty()) return {};
  return Registry<TraceReader>::instance().make(known, setup)->read(path, diagnostics);
}

}  // namespace tiersim::traces
