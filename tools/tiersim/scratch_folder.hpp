#pragma once
/// A folder of its own under the system's temporary one, removed with all that is in it when this ends.
///
/// Throws std::runtime_error where none can be made.
#include <string>

namespace tiersim::cli {

class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tiersim::cli
