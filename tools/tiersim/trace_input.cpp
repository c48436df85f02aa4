#include "tools/tiersim/trace_input.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "sim/core/registry.hpp"
#include "sim/report/human.hpp"
#include "tools/tiersim/scenario_input.hpp"
#include "traces/csv_writer.hpp"
#include "traces/readers.hpp"

namespace tiersim::cli {

namespace fs = std::filesystem;

void TraceInput::declare(Options& options) {
  options.operand("TRACE", "a trace file; also looked for below TIERSIM_DATA", path_);
  options.group("Input");
  options.choice("format", Registry<traces::TraceReader>::instance().names(),
                 "its format (default: told from its first bytes)", format_);
  options.count("block", "TOKENS", "block for formats that hold token ids (default: 16)", block_, 1);
}

traces::Trace TraceInput::read() const {
  Diagnostics diagnostics;
  SourceMark mark;
  mark.file = command_;
  if (fs::is_directory(path_)) misuse(command_, fmt::format("'{}' is a directory, not a trace", path_));
  const traces::ReaderSetup setup{static_cast<std::uint32_t>(block_)};
  traces::Trace trace = traces::load_trace(path_, format_, setup, "", data_folder(command_), mark, diagnostics);
  throw_if_errors(diagnostics);
  return trace;
}

void TraceOutput::declare(Options& options) {
  options.group("Output");
  options.text("out", "FILE", "the file to write: CSV if its name ends in .csv (without block ids), else binary",
               path_);
  options.flag("overwrite", "replace FILE if it is there", overwrite_);
}

void TraceOutput::check() const {
  if (path_.empty()) misuse(command_, "--out FILE is missing", {"it names the file to write, such as /tmp/chat.trace"});
  const fs::path path(path_), folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) misuse(command_, fmt::format("--out '{}' is a directory", path_));
  if (!fs::is_directory(folder, ignored))
    misuse(command_, fmt::format("--out '{}': there is no folder '{}'", path_, folder.string()));
  if (fs::exists(path, ignored) && !overwrite_)
    misuse(command_, fmt::format("--out '{}' exists", path_), {"--overwrite replaces it"});
}

void TraceOutput::write(const traces::Trace& trace) const {
  if (is_csv()) {
    traces::write_csv(trace, path_);
  } else {
    traces::write_binary(trace, path_);
  }
  fmt::print(stderr, "{}: {} requests\n", path_, human::grouped(static_cast<std::int64_t>(trace.size())));
}

}  // namespace tiersim::cli
