#pragma once
/// The options of one subcommand: declared once, parsed, and printed as its help.
///
/// Used by every subcommand: name the page, declare operands, groups and options with the variables that they fill,
/// then parse(). The variables keep what they had where an option is absent. Mistakes (an unknown option, with the
/// nearest one; a missing value; one given twice; a word or number out of range; operands too few or too many) are
/// thrown as BadInput, all that one look finds. Boost.Program_options stays in the .cpp.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/units.hpp"

namespace tiersim::cli {

using Arguments = std::vector<std::string>;

/// What stands around the options in the help text.
struct HelpPage {
  std::string command;  ///< "tiersim run"
  std::string summary;  ///< what it does, in lines of at most 100 columns
  std::string example;  ///< a command that runs in the root of the source tree
};

class Options {
 public:
  explicit Options(HelpPage page);
  ~Options();

  /// Operands come in this order; required ones first.
  void operand(std::string name, std::string help, std::string& target, bool required = true);
  /// What is declared next stands under this title.
  void group(const std::string& title);
  void flag(const char* name, const std::string& help, bool& target);
  void text(const char* name, const char* value, const std::string& help, std::string& target);
  void texts(const char* name, const char* value, const std::string& help, std::vector<std::string>& target);
  void count(const char* name, const char* value, const std::string& help, std::int64_t& target, std::int64_t least);
  /// "5min", "90 s"; at least a millisecond.
  void duration(const char* name, const char* value, const std::string& help, Duration& target);
  void choice(const char* name, std::vector<std::string_view> words, const std::string& help, std::string& target);

  /// Once, after the declarations. False if help was asked for: it has been printed, there is nothing to do.
  [[nodiscard]] bool parse(const Arguments& arguments);
  [[nodiscard]] std::string help() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Throws BadInput: "tiersim run: error: message", then the notes.
[[noreturn]] void misuse(const std::string& command, const std::string& message, std::vector<std::string> notes = {});

/// For an unknown word: "did you mean 'x'?" if one is near enough, then "label: all of them".
[[nodiscard]] std::vector<std::string> suggestions(std::string_view word,
                                                   const std::vector<std::string_view>& candidates,
                                                   std::string_view label);

}  // namespace tiersim::cli
