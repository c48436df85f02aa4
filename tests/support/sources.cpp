#include "tests/support/sources.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <regex>

namespace tiersim::test {
namespace {

namespace fs = std::filesystem;

bool is_source(const fs::path& path) {
  constexpr std::array<std::string_view, 4> kExtensions = {".hpp", ".cpp", ".cuh", ".cu"};
  return std::find(kExtensions.begin(), kExtensions.end(), path.extension().string()) != kExtensions.end();
}

SourceFile read_source(const fs::path& path) {
  SourceFile file{.path = fs::relative(path, TIERSIM_SOURCE_DIR).generic_string(), .lines = {}};
  std::ifstream in(path);
  int number = 0;
  for (std::string text; std::getline(in, text);) file.lines.push_back({++number, text});
  return file;
}

/// Copies the code of one line; `in_comment` carries a /* comment */ from line to line.
std::string code_of_line(const std::string& text, bool& in_comment) {
  std::string code;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (in_comment) {
      if (c == '*' && next == '/') in_comment = false, ++i;
    } else if (quote != 0) {
      if (c == '\\') ++i;
      if (c == quote) quote = 0, code += c;
    } else if (c == '/' && next == '/') {
      break;
    } else if (c == '/' && next == '*') {
      in_comment = true, ++i;
    } else {
      const bool digit_separator = c == '\'' && i > 0 && std::isxdigit(static_cast<unsigned char>(text[i - 1])) != 0;
      if (c == '"' || (c == '\'' && !digit_separator)) quote = c;
      code += c;
    }
  }
  return code;
}

}  // namespace

bool SourceFile::is_header() const { return path.ends_with(".hpp") || path.ends_with(".cuh"); }

std::vector<SourceFile> sources_under(std::string_view folder) {
  const fs::path root = fs::path(TIERSIM_SOURCE_DIR) / folder;
  std::vector<fs::path> paths;
  if (fs::is_directory(root)) {
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (entry.is_regular_file() && is_source(entry.path())) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<SourceFile> files;
  files.reserve(paths.size());
  for (const auto& path : paths) files.push_back(read_source(path));
  return files;
}

std::vector<Include> includes_of(const SourceFile& file) {
  static const std::regex pattern(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  std::vector<Include> includes;
  for (const auto& line : file.lines) {
    std::smatch match;
    if (line.text.find('#') != std::string::npos && std::regex_search(line.text, match, pattern)) {
      includes.push_back({line.number, match[1] == "\"", match[2]});
    }
  }
  return includes;
}

std::vector<SourceLine> code_of(const SourceFile& file) {
  std::vector<SourceLine> code;
  bool in_comment = false;
  for (const auto& line : file.lines) code.push_back({line.number, code_of_line(line.text, in_comment)});
  return code;
}

std::string finding(const SourceFile& file, int line, std::string_view message) {
  return file.path + ":" + std::to_string(line) + ": " + std::string(message);
}

std::string joined(const std::vector<std::string>& findings) {
  std::string text;
  for (const auto& one : findings) text += "\n  " + one;
  return text;
}

}  // namespace tiersim::test
