#include "tools/tiersim/scratch_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace tiersim::cli {

ScratchFolder::ScratchFolder() : path_((std::filesystem::temp_directory_path() / "tiersim-XXXXXX").string()) {
  if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error(path_ + ": " + std::generic_category().message(errno));
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace tiersim::cli
