#include "traces/whole_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace tiersim::traces {
namespace {

bool write(std::span<const std::byte> bytes, const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"), &std::fclose);
  return file && std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size() && std::fflush(file.get()) == 0;
}

}  // namespace

void write_whole_file(std::span<const std::byte> bytes, const std::string& path) {
  const std::string aside = path + ".partial";
  if (write(bytes, aside) && std::rename(aside.c_str(), path.c_str()) == 0) return;
  const std::string why = std::strerror(errno);
  std::remove(aside.c_str());
  throw std::runtime_error(fmt::format("cannot write '{}': {}", path, why));
}

}  // namespace tiersim::traces
