#pragma once
/// Messages about what the user gave us, with the place that they are about.
///
/// Everything that reads input (config, traces, resolve) appends to one Diagnostics, goes on as far as it makes sense
/// and lets the caller throw BadInput at the end, so that all mistakes are shown at once. Printed as
///   file:line:column: error: message        (a trace: file: record N, byte M: error: message)
///      14 |       bandwith: 100 GB/s
///         |       ^~~~~~~~
///         = a note
/// Only render() reads files (for the quoted line).
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tiersim {

/// A place in input. line and column count from 1; 0 means that the place is the file as a whole (or the command line).
struct SourceMark {
  std::string file;  ///< as the user spelled it; "--set" for the command line
  int line = 0;
  int column = 0;
  int width = 1;             ///< how many characters the caret line underlines
  std::int64_t record = -1;  ///< for traces: the record, from 1; -1: not a trace
  std::int64_t byte = -1;    ///< for traces: offset in the file, from 0
  std::string text;          ///< the quoted line where it is no file (a --set argument); empty: taken from the file
};

enum class Severity { error, warning };

struct Diagnostic {
  Severity severity = Severity::error;
  SourceMark mark;
  std::string message;             ///< one sentence, no full stop: "unknown key 'bandwith' in tier 'dram'"
  std::vector<std::string> notes;  ///< what to do: "did you mean 'bandwidth'?"
};

/// Collects diagnostics; order of addition is kept, render() sorts by file and place.
class Diagnostics {
 public:
  Diagnostic& error(SourceMark mark, std::string message);
  Diagnostic& warning(SourceMark mark, std::string message);
  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return list_; }
  /// All messages as text, ending in a newline; empty when there are none.
  [[nodiscard]] std::string render() const;

 private:
  std::vector<Diagnostic> list_;
  int errors_ = 0;
};

/// Thrown when input cannot be used; what() is the rendered text. Exit status 2.
class BadInput : public std::runtime_error {
 public:
  explicit BadInput(const Diagnostics& diagnostics) : std::runtime_error(diagnostics.render()) {}
  explicit BadInput(const std::string& rendered) : std::runtime_error(rendered) {}
};

/// Throws BadInput if there are errors.
void throw_if_errors(const Diagnostics& diagnostics);

/// The candidate nearest to `word` by edit distance, or empty if none is near enough to suggest.
[[nodiscard]] std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

/// "a, b, c"
[[nodiscard]] std::string joined(const std::vector<std::string_view>& words, std::string_view separator = ", ");

/// A broken invariant of ours: exit status 3. Never reached by user input.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Throws InternalError with the text and place unless `ok`. Cheap enough to stay on in release builds.
void ensure(bool ok, const char* what);

}  // namespace tiersim
