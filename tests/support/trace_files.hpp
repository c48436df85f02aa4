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

inline traces::Trace read_trace(const std::string& path, std::string_view format, Diagnostics& diagnostics,
                                const traces::ReaderSetup& setup = {}) {
  return Registry<traces::TraceReader>::instance().make(format, setup)->read(path, diagnostics);
}

/// A sample of traces/samples/.
inline std::string sample(const std::string& name) {
  return std::string(TIERSIM_SOURCE_DIR) + "/traces/samples/" + name;
}

}  // namespace tiersim::tests
