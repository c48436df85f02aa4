#pragma once
/// Trace files to Traces, by format name. A reader is one file in traces/, registered there; see traces/README.md.
///
/// Errors (missing, truncated or garbled files, time going backwards, zero tokens) are diagnostics that name file, record
/// and byte; a missing file's message says which public project and path to get it from.
#include <memory>
#include <string>
#include <vector>

#include "sim/core/diagnostics.hpp"
#include "sim/core/registry.hpp"
#include "traces/trace.hpp"

namespace tiersim::traces {

struct ReaderSetup {
  std::uint32_t block_tokens = 16;  ///< for readers that hash token ids: the block that they hash
};

/// Reads one format. Stateless after construction.
class TraceReader {
 public:
  using Setup = ReaderSetup;
  virtual ~TraceReader() = default;
  /// The whole file; on errors diagnostics has them and the result is empty. O(file), one pass.
  [[nodiscard]] virtual Trace read(const std::string& path, Diagnostics& diagnostics) const = 0;
};

/// Where `name` is: as given if absolute, else beside `scenario_dir`, else under `data_dir` (TIERSIM_DATA; either may be
/// empty), also in its traces/ folder. Empty if nowhere.
[[nodiscard]] std::string find_trace(const std::string& name, const std::string& scenario_dir,
                                     const std::string& data_dir);

/// The format that a file's name and first bytes suggest, or empty.
[[nodiscard]] std::string guess_format(const std::string& path);

/// Reads `name` in `format` (empty: guessed) after looking for it; every failure is a diagnostic at `mark`.
[[nodiscard]] Trace load_trace(const std::string& name, const std::string& format, const ReaderSetup& setup,
                               const std::string& scenario_dir, const std::string& data_dir, const SourceMark& mark,
                               Diagnostics& diagnostics);

/// Writes the compact binary format of FORMAT.md, whole or not at all. Throws std::runtime_error if it cannot.
void write_binary(const Trace& trace, const std::string& path);

/// The next use of every block of request order, run-length coded, for Belady. O(references).
struct NextUses {
  std::vector<std::uint64_t> offsets;  ///< size() + 1
  std::vector<NextUse> runs;
};
[[nodiscard]] NextUses next_uses(const Trace& trace);

}  // namespace tiersim::traces
