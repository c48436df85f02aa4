#pragma once
/// Trace files to Traces, by format name. A reader is one file in traces/formats/, registered there; see
/// traces/README.md.
///
/// Called by resolve and `tiersim trace`. Errors (missing, truncated or garbled files, time going backwards, zero
/// tokens) are diagnostics that name file, record (from 1) and byte, 20 at most per file; a missing file's message says
/// which public project and path to get it from. Nothing here reads the environment: the folder that TIERSIM_DATA names
/// is passed in. Deterministic: the same bytes give the same Trace.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/diagnostics.hpp"
#include "sim/core/parameters.hpp"
#include "sim/core/registry.hpp"
#include "traces/trace.hpp"

namespace tiersim::traces {

class MappedFile;

struct ReaderSetup {
  std::uint32_t block_tokens = 16;  ///< for readers that hash token ids: the block that they hash; at least 1
  Parameters parameters{};          ///< those that the format declares; may be empty where nothing is parsed
};

/// A public trace that a reader reads: where a user who lacks it gets it.
struct PublicFile {
  std::string_view project;  ///< on GitHub, "owner/name"
  std::string_view path;     ///< in that project
};

/// Reads one format. Stateless after construction.
class TraceReader {
 public:
  using Setup = ReaderSetup;
  virtual ~TraceReader() = default;

  /// The whole file, or the folder for formats that have them; on errors diagnostics has them and the result is empty.
  /// Warnings say what was counted in a way of our own. O(file), one pass.
  [[nodiscard]] Trace read(const std::string& path, Diagnostics& diagnostics) const;

  /// Whether a file that begins with these bytes (at most kHeadBytes) is probably of this format.
  [[nodiscard]] virtual bool recognises(std::string_view head) const = 0;
  static constexpr std::size_t kHeadBytes = 4096;
  [[nodiscard]] virtual bool recognises_folder(const std::string& /*path*/) const { return false; }
  [[nodiscard]] virtual std::span<const PublicFile> public_files() const { return {}; }

 protected:
  /// The file, which is not empty. On errors diagnostics has them and the result is empty.
  [[nodiscard]] virtual Trace parse(const std::shared_ptr<const MappedFile>& file, Diagnostics& diagnostics) const = 0;
  /// The same of a folder; formats of single files have none, which is an error.
  [[nodiscard]] virtual Trace parse_folder(const std::string& path, Diagnostics& diagnostics) const;
};

/// Where `name` is: as given if absolute, else beside the scenario (in `scenario_dir`; empty: in the working
/// directory), else under `data_dir` (TIERSIM_DATA; may be empty), also in its traces/ folder. Empty if nowhere.
[[nodiscard]] std::string find_trace(const std::string& name, const std::string& scenario_dir,
                                     const std::string& data_dir);

/// The format that a file's first bytes suggest, or a folder's files; or empty.
[[nodiscard]] std::string guess_format(const std::string& path);

/// Reads `name` in `format` (empty: guessed) after looking for it; every failure to find it or to know its format is a
/// diagnostic at `mark`, every one to read it names the file.
[[nodiscard]] Trace load_trace(const std::string& name, const std::string& format, const ReaderSetup& setup,
                               const std::string& scenario_dir, const std::string& data_dir, const SourceMark& mark,
                               Diagnostics& diagnostics);

/// Writes the compact binary format of FORMAT.md, whole or not at all. Throws std::runtime_error if it cannot.
void write_binary(const Trace& trace, const std::string& path);

/// The next use of every block of request order, run-length coded, for Belady.
struct NextUses {
  std::span<const std::uint64_t> offsets;  ///< size() + 1
  std::span<const NextUse> runs;           ///< neighbours differ in request; counts sum to the request's blocks
  std::shared_ptr<const void> storage;     ///< what the spans point into

  [[nodiscard]] std::span<const NextUse> of(RequestId r) const {
    const std::uint64_t begin = offsets[r.index()];
    return runs.subspan(begin, offsets[r.index() + 1] - begin);
  }
};
/// Those that the file stores, O(1); else computed, O(block references), 4 bytes per distinct block beside the result.
[[nodiscard]] NextUses next_uses(const Trace& trace);

}  // namespace tiersim::traces
