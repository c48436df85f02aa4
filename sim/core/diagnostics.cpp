#include "sim/core/diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <tuple>

namespace tiersim {
namespace {

std::string line_of_file(const std::string& file, int line) {
  std::ifstream in(file);
  std::string text;
  for (int i = 0; i < line && std::getline(in, text); ++i) {
  }
  return in ? text : std::string();
}

std::string place_of(const SourceMark& m) {
  std::string out = m.file;
  if (m.record >= 0) out += fmt::format(": record {}", m.record);
  if (m.byte >= 0) out += fmt::format("{}byte {}", m.record >= 0 ? ", " : ": ", m.byte);
  if (m.line > 0) out += fmt::format(":{}:{}", m.line, m.column);
  return out;
}

/// The text with control characters blanked: it goes to a terminal, and the caret below it must stay in step.
std::string printable(std::string text) {
  if (text.ends_with('\r')) text.pop_back();
  for (char& c : text)
    if ((c >= 0 && c < ' ') || c == '\x7F') c = ' ';
  return text;
}

bool starts_character(char c) { return (c & 0xC0) != 0x80; }  // false inside of a UTF-8 sequence

/// Byte offset of the character with this index, or the text's size.
std::size_t offset_of(const std::string& text, int character) {
  std::size_t i = 0;
  for (; i < text.size(); ++i)
    if (starts_character(text[i]) && character-- == 0) break;
  return i;
}

/// Appends the line and the caret under it; of a very long line, the part around the column.
void quote(const std::string& line, const SourceMark& mark, std::string& out) {
  constexpr int kShown = 120, kBefore = 40;
  const int column = std::max(mark.column, 1);
  const int skipped = column > kShown ? column - kBefore : 0;
  const std::size_t from = offset_of(line, skipped), to = offset_of(line, skipped + kShown);
  const std::string lead = skipped > 0 ? "..." : "";
  const std::string shown = lead + line.substr(from, to - from) + (to < line.size() ? "..." : "");
  const int width = std::clamp(mark.width, 1, std::max(1, skipped + kShown + 1 - column));
  out += mark.line > 0 ? fmt::format("{:>5} | {}\n", mark.line, shown) : fmt::format("      | {}\n", shown);
  out += fmt::format("      | {:>{}}{:~>{}}\n", "^", column - skipped + static_cast<int>(lead.size()), "", width - 1);
}

void render_one(const Diagnostic& d, std::string& out) {
  const char* kind = d.severity == Severity::error ? "error" : "warning";
  const std::string place = place_of(d.mark), message = printable(d.message);
  out += place.empty() ? fmt::format("{}: {}\n", kind, message) : fmt::format("{}: {}: {}\n", place, kind, message);
  std::string quoted = d.mark.text;
  if (quoted.empty() && d.mark.line > 0) quoted = line_of_file(d.mark.file, d.mark.line);
  if (!quoted.empty()) quote(printable(std::move(quoted)), d.mark, out);
  for (const std::string& note : d.notes) out += fmt::format("      = {}\n", printable(note));
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

Diagnostic& Diagnostics::error(SourceMark mark, std::string message) {
  ++errors_;
  return list_.emplace_back(Diagnostic{Severity::error, std::move(mark), std::move(message), {}});
}

Diagnostic& Diagnostics::warning(SourceMark mark, std::string message) {
  return list_.emplace_back(Diagnostic{Severity::warning, std::move(mark), std::move(message), {}});
}

std::string Diagnostics::render() const {
  std::vector<const Diagnostic*> sorted;
  for (const Diagnostic& d : list_) sorted.push_back(&d);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Diagnostic* a, const Diagnostic* b) {
    return std::tie(a->mark.file, a->mark.record, a->mark.line, a->mark.column) <
           std::tie(b->mark.file, b->mark.record, b->mark.line, b->mark.column);
  });
  std::string out;
  for (const Diagnostic* d : sorted) render_one(*d, out);
  return out;
}

void throw_if_errors(const Diagnostics& diagnostics) {
  if (diagnostics.has_errors()) throw BadInput(diagnostics);
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (std::string_view c : candidates) {
    const std::size_t d = edit_distance(word, c);
    if (d < best_distance) best = c, best_distance = d;
  }
  return best;
}

std::string joined(const std::vector<std::string_view>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

void ensure(bool ok, const char* what) {
  if (!ok) [[unlikely]]
    throw InternalError(what);
}

}  // namespace tiersim
