#include "tests/support/command.hpp"

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace tiersim::test {
namespace {

namespace fs = std::filesystem;

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

std::string text_of(const std::string& path, const std::string& workplace) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  replace_all(text, TIERSIM_SOURCE_DIR, "<root>");
  replace_all(text, workplace, "<work>");
  return text;
}

std::string quoted(const std::string& word) { return "'" + word + "'"; }

}  // namespace

Workplace::Workplace() {
  std::string name = (fs::temp_directory_path() / "tiersim-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch folder");
  folder_ = name;
  for (const auto& entry : fs::directory_iterator(TIERSIM_SOURCE_DIR)) {
    const std::string base = entry.path().filename().string();
    if (base != "out" && base != "build" && base != ".git") fs::create_symlink(entry.path(), path(base));
  }
  fs::create_directory(path("bin"));
  fs::create_symlink(TIERSIM_COMMAND, path("bin/tiersim"));
}

Workplace::~Workplace() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

Ran Workplace::run(const std::string& line) const {
  const std::string out = path("bin/stdout"), err = path("bin/stderr");
  const std::string command = "cd " + quoted(folder_) +
                              " && unset TIERSIM_DATA TIERSIM_LIBRARY && PATH=" + quoted(path("bin")) + ":$PATH && { " +
                              line + "\n} >" + quoted(out) + " 2>" + quoted(err) + " </dev/null";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(out, folder_), text_of(err, folder_)};
}

}  // namespace tiersim::test
