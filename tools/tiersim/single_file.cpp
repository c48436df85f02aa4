#include "tools/tiersim/single_file.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "sim/report/files.hpp"
#include "tools/tiersim/options.hpp"

namespace tiersim::cli {

void write_single_file(const std::string& command, const std::string& option, const std::string& file,
                       const std::string& text) {
  const std::filesystem::path path(file);
  const std::string folder = path.parent_path().empty() ? "." : path.parent_path().string();
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) misuse(command, fmt::format("{} {} is a directory", option, file));
  if (std::filesystem::exists(folder, ignored) && !std::filesystem::is_directory(folder, ignored))
    misuse(command, fmt::format("{} {} lies in '{}', which is a file", option, file, folder));
  write_output_directory(folder, std::vector<OutputFile>{{path.filename().string(), text}}, true);
}

}  // namespace tiersim::cli
