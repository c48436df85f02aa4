#include "tools/tiersim/scenario_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace tiersim::cli {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// YAML files under a folder, as the user would name them, sorted.
std::vector<std::string> scenarios_under(const fs::path& folder) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (fs::recursive_directory_iterator it(folder, ignored), end; !ignored && it != end; it.increment(ignored)) {
    if (it->path().extension() == ".yaml") found.push_back(it->path().lexically_normal().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::string> known_scenarios(const std::string& library) {
  std::vector<std::string> known = scenarios_under("scenarios");
  return known.empty() ? scenarios_under(fs::path(library) / "scenarios") : known;
}

/// The scenario that was probably meant: the nearest path, or the nearest file name.
std::vector<std::string> scenario_notes(const std::string& path, const std::string& library) {
  const std::vector<std::string> known = known_scenarios(library);
  std::vector<std::string> names;
  for (const std::string& k : known) names.push_back(fs::path(k).filename().string());
  const std::string name = fs::path(path).filename().string();
  std::string_view near = nearest(path, {known.begin(), known.end()});
  if (near.empty()) {
    const std::string_view near_name = nearest(name, {names.begin(), names.end()});
    for (std::size_t i = 0; i < known.size() && near.empty() && !near_name.empty(); ++i)
      if (names[i] == near_name) near = known[i];
  }
  std::vector<std::string> notes;
  if (!near.empty()) notes.push_back(fmt::format("did you mean '{}'?", near));
  if (!known.empty()) notes.push_back("scenarios: " + joined({known.begin(), known.end()}));
  return notes;
}

void require_file(const std::string& command, const std::string& path, const std::string& library) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) {
    const std::vector<std::string> inside = scenarios_under(path);
    misuse(command, fmt::format("'{}' is a directory, not a scenario", path),
           {inside.empty() ? "it holds no .yaml file" : "scenarios in it: " + joined({inside.begin(), inside.end()})});
  }
  if (!fs::exists(status)) misuse(command, fmt::format("no scenario '{}'", path), scenario_notes(path, library));
}

}  // namespace

std::string data_folder(const std::string& command) {
  std::string folder = variable("TIERSIM_DATA");
  if (!folder.empty() && !is_folder(folder))
    misuse(command, fmt::format("TIERSIM_DATA names '{}', which is no directory", folder),
           {"set it to the folder that holds traces/, or unset it"});
  return folder;
}

Environment environment(const std::string& command, const std::string& library) {
  const std::string from_variable = variable("TIERSIM_LIBRARY");
  Environment environment{TIERSIM_SOURCE_DIR, data_folder(command)};
  if (!from_variable.empty()) environment.library = from_variable;
  if (!library.empty()) environment.library = library;
  if (!is_folder(fs::path(environment.library) / "models"))
    misuse(command, fmt::format("'{}' is no library: it has no folder 'models'", environment.library),
           {"a library is a folder with models/, hw/ and calib/, such as the source tree of tiersim",
            "name it by --library or TIERSIM_LIBRARY"});
  return environment;
}

void declare_library(Options& options, std::string& library) {
  options.text("library", "DIR",
               "the folder with models/, hw/ and calib/ (default: TIERSIM_LIBRARY, else the source tree)", library);
}

void ScenarioInput::declare(Options& options) {
  options.operand("SCENARIO", "a YAML file, such as scenarios/quickstart.yaml", path_);
  options.group("Scenario");
  options.texts("set", "PATH=VALUE",
                "change one value, as in hierarchy.dram.capacity=2TiB; an item of a list goes by its name; repeatable",
                overrides_);
  declare_library(options, library_);
}

ResolvedScenario resolve_scenario(const std::string& command, const std::string& path,
                                  const std::vector<std::string>& overrides, const std::string& library) {
  const Environment where = environment(command, library);
  require_file(command, path, where.library);
  Diagnostics diagnostics;
  Scenario scenario = load_scenario(path, overrides, diagnostics);
  throw_if_errors(diagnostics);
  ResolvedScenario resolved = resolve(std::move(scenario), where, diagnostics);
  throw_if_errors(diagnostics);
  fmt::print(stderr, "{}", diagnostics.render());
  return resolved;
}

}  // namespace tiersim::cli
