#include "traces/mapped_file.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "traces/hash.hpp"

namespace tiersim::traces {
namespace {

std::string last_problem() { return std::generic_category().message(errno); }

/// Closes on every way out.
struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path, std::string& problem) {
  // O_NONBLOCK: opening a pipe that nobody writes to must not wait; it is refused below.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status {};
  if (file.value < 0 || ::fstat(file.value, &status) != 0) return problem = last_problem(), nullptr;
  if (!S_ISREG(status.st_mode)) return problem = "not a regular file", nullptr;
  const auto size = static_cast<std::size_t>(status.st_size);
  const std::size_t mapped = size + kPadding;
  // Zeros first, then the file over them: what lies behind its last page stays zeros.
  void* memory = ::mmap(nullptr, mapped, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return problem = last_problem(), nullptr;
  std::shared_ptr<const MappedFile> result(new MappedFile(path, memory, size, mapped));
  if (size > 0 && ::mmap(memory, size, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, file.value, 0) == MAP_FAILED)
    return problem = last_problem(), nullptr;
  return result;
}

MappedFile::MappedFile(std::string path, void* memory, std::size_t size, std::size_t mapped)
    : path_(std::move(path)), memory_(memory), size_(size), mapped_(mapped) {}

MappedFile::~MappedFile() { ::munmap(memory_, mapped_); }

std::string MappedFile::hash() const { return hash_text(hash_bytes(bytes())); }

}  // namespace tiersim::traces
