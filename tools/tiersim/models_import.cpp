// tiersim models import: a published configuration as a model of the library.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "models/model_writer.hpp"
#include "sim/config/yaml.hpp"
#include "sim/report/human.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/hf_config.hpp"
#include "tools/tiersim/model_words.hpp"

namespace tiersim::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCommand = "tiersim models import";

/// --name, else the output's name, else that of the folder that config.json lies in.
std::string name_for(const std::string& name, const std::string& out, const std::string& path) {
  if (!name.empty()) return name;
  if (!out.empty()) return fs::path(out).stem().string();
  const fs::path whole = fs::absolute(path);
  return whole.filename() == "config.json" ? whole.parent_path().filename().string() : whole.stem().string();
}

/// The model as its file, read back as a scenario would read it.
std::string text_of(const models::ModelSpec& imported, const std::string& path, Diagnostics& diagnostics) {
  const std::string yaml = config::to_yaml(models::to_value(imported));
  const config::Value value = config::parse_yaml(yaml, path, diagnostics);
  config::Fields fields(value, fmt::format("the model of {}", path), diagnostics);
  const models::ModelSpec m = models::read_model(fields);
  throw_if_errors(diagnostics);
  return fmt::format("# {}: shapes of {}.\n# {} parameters, {} bytes of keys and values per token. {}.\n{}", m.name,
                     path, human::grouped(m.parameters()), human::grouped(m.kv_per_token().value()), kind_of(m), yaml);
}

void check_out(const std::string& out, bool overwrite) {
  std::error_code ignored;
  const fs::path folder = fs::path(out).has_parent_path() ? fs::path(out).parent_path() : fs::path(".");
  if (fs::is_directory(out, ignored)) misuse(kCommand, fmt::format("--out '{}' is a directory", out));
  if (!fs::is_directory(folder, ignored))
    misuse(kCommand, fmt::format("--out '{}': there is no folder '{}'", out, folder.string()));
  if (fs::exists(out, ignored) && !overwrite)
    misuse(kCommand, fmt::format("--out '{}' exists", out), {"--overwrite replaces it"});
}

/// Written aside, then renamed: the file is there whole or not at all.
void write_file(const std::string& out, const std::string& text) {
  const fs::path path(out), aside = path.parent_path() / ("." + path.filename().string() + ".part");
  std::ofstream file(aside, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw std::runtime_error(aside.string() + ": cannot be written");
  fs::rename(aside, path);
}

}  // namespace

int models_import_command(const Arguments& arguments) {
  Options options(
      {kCommand,
       "Writes the shapes of a Hugging Face config.json as a model that scenarios can name or hold, to a file\n"
       "or to the terminal.",
       "tiersim models import tests/golden/configs/olmoe-1b-7b.json"});
  std::string path, name, out;
  bool overwrite = false;
  options.operand("CONFIG", "the config.json", path);
  options.group("Output");
  options.text("name", "NAME", "the model's name (default: from --out, or from the folder of CONFIG)", name);
  options.text("out", "FILE", "the file to write, such as models/NAME.yaml (default: the terminal)", out);
  options.flag("overwrite", "replace FILE if it is there", overwrite);
  if (!options.parse(arguments)) return 0;
  if (!out.empty()) check_out(out, overwrite);
  Diagnostics diagnostics;
  const models::ModelSpec imported = read_hf_config(path, name_for(name, out, path), diagnostics);
  throw_if_errors(diagnostics);
  const std::string text = text_of(imported, path, diagnostics);
  if (out.empty()) {
    fmt::print("{}", text);
  } else {
    write_file(out, text);
    fmt::print(stderr, "{}: {} parameters\n", out, human::grouped(imported.parameters()));
  }
  return 0;
}

}  // namespace tiersim::cli
