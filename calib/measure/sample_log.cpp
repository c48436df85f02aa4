#include "calib/measure/sample_log.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace tiersim::calib {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, int error) {
  throw std::runtime_error(path + ": " + std::generic_category().message(error));
}

/// Bytes of the file's whole lines.
std::uintmax_t whole_lines(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(path, errno);
  const std::string content{std::istreambuf_iterator<char>(in), {}};
  const std::size_t size = content.rfind('\n') + 1;  // 0 where there is none
  if (size > 0 && content.substr(0, content.find('\n')) != csv_header())
    throw std::runtime_error(path + ": no table of samples, so nothing is appended to it; name another file");
  return size;
}

}  // namespace

SampleLog::SampleLog(const std::string& path) : path_(path) {
  std::error_code error;
  std::uintmax_t size = 0;
  if (fs::is_regular_file(path, error)) {
    size = whole_lines(path);
    if (size != fs::file_size(path)) fs::resize_file(path, size, error);
    if (error) fail(path, error.value());
  }
  errno = 0;
  file_.reset(std::fopen(path.c_str(), "ab"));
  if (!file_) fail(path, errno);
  if (size == 0) write_line(csv_header());
}

void SampleLog::append(const Sample& sample) { write_line(csv_row(sample)); }

void SampleLog::write_line(const std::string& line) {
  const std::string whole = line + "\n";
  errno = 0;
  const bool written = std::fwrite(whole.data(), 1, whole.size(), file_.get()) == whole.size();
  if (!written || std::fflush(file_.get()) != 0) fail(path_, errno);
}

}  // namespace tiersim::calib
