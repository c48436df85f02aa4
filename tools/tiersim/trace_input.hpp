#pragma once
/// The trace file that a `tiersim trace` command reads, and the one that it writes.
///
/// Errors: BadInput for what cannot be found or read, and for an output that exists without --overwrite;
/// std::runtime_error where writing fails.
#include <string>
#include <vector>

#include "sim/core/parameters.hpp"
#include "tools/tiersim/options.hpp"
#include "traces/trace.hpp"

namespace tiersim::cli {

class TraceInput {
 public:
  explicit TraceInput(std::string command) : command_(std::move(command)) {}
  /// Declares the operand, --format, --set and --block.
  void declare(Options& options, const std::string& operand = "TRACE",
               const std::string& help = "a trace file or folder; also looked for below TIERSIM_DATA");
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::vector<std::string>& settings() const { return settings_; }
  /// Warnings go to stderr.
  [[nodiscard]] traces::Trace read() const;

 private:
  /// --set, as the format declares them.
  [[nodiscard]] Parameters parameters(const std::string& format) const;

  std::string command_, path_, format_;
  std::vector<std::string> settings_;
  std::int64_t block_ = 16;
};

/// --out FILE and --overwrite.
class OutputPath {
 public:
  explicit OutputPath(std::string command) : command_(std::move(command)) {}
  void declare(Options& options, const std::string& help);
  /// Before any work: throws if --out is missing or in the way. `such_as`: an example.
  void check(const std::string& such_as) const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string command_, path_;
  bool overwrite_ = false;
};

class TraceOutput {
 public:
  explicit TraceOutput(std::string command) : path_(std::move(command)) {}
  /// Declares --out and --overwrite.
  void declare(Options& options);
  /// As OutputPath::check().
  void check() const { path_.check("/tmp/chat.trace"); }
  /// CSV where the name ends in .csv, else the binary format; says on stderr what it wrote.
  void write(const traces::Trace& trace) const;

 private:
  OutputPath path_;
};

}  // namespace tiersim::cli
