#pragma once
/// Trace files for tests: a folder that goes away with its owner, and one-line reading.
///
/// The folder's name has the process and a count, so tests that run at once do not meet. Failures to write throw.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include "sim/config/declared_parameters.hpp"
#include "sim/config/overrides.hpp"
#include "traces/readers.hpp"

namespace tiersim::tests {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    static std::atomic<int> count{0};
    path_ = std::filesystem::temp_directory_path() /
            ("tiersim-test-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] std::string path(const std::string& name = {}) const { return (path_ / name).string(); }
  /// Writes a file, its folders included, and returns its path.
  std::string write(const std::string& name, std::string_view content) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream out(file, std::ios::binary);
    out.exceptions(std::ios::failbit | std::ios::badbit);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    return file.string();
  }

 private:
  std::filesystem::path path_;
};

inline std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The format's parameters: those of `settings`, as "gap=600s", and the declared defaults of the others.
inline Parameters reader_parameters(std::string_view format, const std::vector<std::string>& settings = {}) {
  Diagnostics diagnostics;
  config::Value map;
  map.kind = config::Kind::map;
  for (const std::string& setting : settings) config::apply_override(map, setting, diagnostics);
  config::Fields fields(map, std::string(format), diagnostics);
  Parameters out = config::read_parameters(fields, Registry<traces::TraceReader>::instance().find(format)->parameters);
  fields.finish();
  throw_if_errors(diagnostics);
  return out;
}

/// In blocks of `block_tokens` where the format leaves them open.
inline traces::Trace read_trace(const std::string& path, std::string_view format, Diagnostics& diagnostics,
                                std::uint32_t block_tokens = 16, const std::vector<std::string>& settings = {}) {
  const traces::ReaderSetup setup{block_tokens, reader_parameters(format, settings)};
  return Registry<traces::TraceReader>::instance().make(format, setup)->read(path, diagnostics);
}

/// A sample of traces/samples/.
inline std::string sample(const std::string& name) {
  return std::string(TIERSIM_SOURCE_DIR) + "/traces/samples/" + name;
}

/// The files of a folder of traces/samples/, as they are, in another.
inline void copy_sample(const std::string& name, const TemporaryFolder& folder) {
  for (const auto& file : std::filesystem::directory_iterator(sample(name)))
    folder.write(file.path().filename().string(), bytes_of(file.path().string()));
}

}  // namespace tiersim::tests
