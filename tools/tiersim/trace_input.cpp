#include "tools/tiersim/trace_input.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "sim/config/declared_parameters.hpp"
#include "sim/config/overrides.hpp"
#include "sim/core/registry.hpp"
#include "sim/report/human.hpp"
#include "tools/tiersim/scenario_input.hpp"
#include "traces/csv_writer.hpp"
#include "traces/readers.hpp"

namespace tiersim::cli {

namespace fs = std::filesystem;

void TraceInput::declare(Options& options, const std::string& operand, const std::string& help) {
  options.operand(operand, help, path_);
  options.group("Input");
  options.choice("format", Registry<traces::TraceReader>::instance().names(),
                 "its format (default: told from its first bytes)", format_);
  options.texts("set", "KEY=VALUE", "a parameter of the format ('tiersim list traces'), as in gap=600s; repeatable",
                settings_);
  options.count("block", "TOKENS", "block for formats that hold token ids (default: 16)", block_, 1);
}

traces::Trace TraceInput::read() const {
  Diagnostics diagnostics;
  SourceMark mark;
  mark.file = command_;
  const std::string data = data_folder(command_), path = traces::find_trace(path_, "", data);
  const std::string format = format_.empty() ? traces::guess_format(path) : format_;
  if (format.empty() && fs::is_directory(path))
    misuse(command_, fmt::format("'{}' is a directory, not a trace", path_));
  const traces::ReaderSetup setup{static_cast<std::uint32_t>(block_), parameters(format)};
  traces::Trace trace = traces::load_trace(path_, format, setup, "", data, mark, diagnostics);
  throw_if_errors(diagnostics);
  fmt::print(stderr, "{}", diagnostics.render());
  return trace;
}

Parameters TraceInput::parameters(const std::string& format) const {
  const auto* const entry = Registry<traces::TraceReader>::instance().find(format);
  if (entry == nullptr) return {};  // reported when the trace is loaded
  Diagnostics diagnostics;
  config::Value map;
  map.kind = config::Kind::map;
  map.mark.file = command_;
  for (const std::string& setting : settings_) config::apply_override(map, setting, diagnostics);
  config::Fields fields(map, fmt::format("format '{}'", format), diagnostics);
  Parameters out = config::read_parameters(fields, entry->parameters);
  fields.finish();
  throw_if_errors(diagnostics);
  return out;
}

void OutputPath::declare(Options& options, const std::string& help) {
  options.group("Output");
  options.text("out", "FILE", help, path_);
  options.flag("overwrite", "replace FILE if it is there", overwrite_);
}

void OutputPath::check(const std::string& such_as) const {
  if (path_.empty())
    misuse(command_, "--out FILE is missing", {fmt::format("it names the file to write, such as {}", such_as)});
  const fs::path path(path_), folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) misuse(command_, fmt::format("--out '{}' is a directory", path_));
  if (!fs::is_directory(folder, ignored))
    misuse(command_, fmt::format("--out '{}': there is no folder '{}'", path_, folder.string()));
  if (fs::exists(path, ignored) && !overwrite_)
    misuse(command_, fmt::format("--out '{}' exists", path_), {"--overwrite replaces it"});
}

void TraceOutput::declare(Options& options) {
  path_.declare(options, "the file to write: CSV if its name ends in .csv (without block ids), else binary");
}

void TraceOutput::write(const traces::Trace& trace) const {
  if (path_.path().ends_with(".csv")) {
    traces::write_csv(trace, path_.path());
  } else {
    traces::write_binary(trace, path_.path());
  }
  fmt::print(stderr, "{}: {} requests\n", path_.path(), human::grouped(static_cast<std::int64_t>(trace.size())));
}

}  // namespace tiersim::cli
