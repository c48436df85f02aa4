#include "tools/tiersim/options.hpp"

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <list>
#include <sstream>

#include "sim/config/units_text.hpp"
#include "sim/core/diagnostics.hpp"

namespace tiersim::cli {
namespace {

namespace po = boost::program_options;

constexpr unsigned kColumns = 100;
constexpr const char* kOperands = "operands";

/// "--set PATH=VALUE": what people type, without guessing at abbreviations, so that new options break no scripts.
constexpr int kStyle = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;

}  // namespace

struct Options::Impl {
  struct Operand {
    std::string name, help;
    std::string* target;
    bool required;
  };
  HelpPage page;
  std::vector<Operand> operands;
  std::list<po::options_description> groups;  // a list: they stay where they are
  std::vector<std::string> names;             // "--set"
  std::vector<std::function<void(const po::variables_map&, Diagnostics&)>> readers;

  [[nodiscard]] SourceMark mark() const {
    SourceMark mark;
    mark.file = page.command;
    return mark;
  }
  void declare(const char* name, po::value_semantic* semantic, const std::string& help) {
    if (groups.empty()) groups.emplace_back("Options", kColumns, kColumns / 2);
    groups.back().add_options()(name, semantic, help.c_str());
    const std::string_view full(name);
    names.push_back(fmt::format("--{}", full.substr(0, full.find(','))));
  }
  /// The description that parsing uses: all groups, and the operands under a name of their own.
  [[nodiscard]] po::options_description everything() const {
    po::options_description all;
    for (const auto& group : groups) all.add(group);
    all.add_options()(kOperands, po::value<std::vector<std::string>>());
    return all;
  }
  [[nodiscard]] std::string usage() const {
    std::string line = "usage: " + page.command;
    for (const Operand& operand : operands) line += operand.required ? " " + operand.name : " [" + operand.name + "]";
    return line + " [options]";
  }
  [[nodiscard]] po::variables_map parsed(const Arguments& arguments) const;
  void take_operands(const po::variables_map& values, Diagnostics& diagnostics) const;
};

Options::Options(HelpPage page) : impl_(std::make_unique<Impl>()) { impl_->page = std::move(page); }
Options::~Options() = default;

void Options::operand(std::string name, std::string help, std::string& target, bool required) {
  impl_->operands.push_back({std::move(name), std::move(help), &target, required});
}

void Options::group(const std::string& title) { impl_->groups.emplace_back(title, kColumns, kColumns / 2); }

void Options::flag(const char* name, const std::string& help, bool& target) {
  impl_->declare(name, po::bool_switch(&target), help);
}

void Options::text(const char* name, const char* value, const std::string& help, std::string& target) {
  impl_->declare(name, po::value<std::string>(&target)->value_name(value), help);
}

void Options::texts(const char* name, const char* value, const std::string& help, std::vector<std::string>& target) {
  impl_->declare(name, po::value<std::vector<std::string>>(&target)->value_name(value), help);
}

void Options::count(const char* name, const char* value, const std::string& help, std::int64_t& target,
                    std::int64_t least) {
  impl_->declare(name, po::value<std::string>()->value_name(value), help);
  impl_->readers.push_back([this, name, &target, least](const po::variables_map& values, Diagnostics& diagnostics) {
    if (values.count(name) == 0) return;
    const auto& given = values[name].as<std::string>();
    std::string problem;
    const auto parsed = config::parse_count(given, problem);
    if (!parsed) {
      diagnostics.error(impl_->mark(), fmt::format("--{}: {}", name, problem));
    } else if (*parsed < least) {
      diagnostics.error(impl_->mark(), fmt::format("--{} is {}, but must be at least {}", name, given, least));
    } else {
      target = *parsed;
    }
  });
}

void Options::duration(const char* name, const char* value, const std::string& help, Duration& target) {
  constexpr Duration kLeast(1'000'000);
  impl_->declare(name, po::value<std::string>()->value_name(value), help);
  impl_->readers.push_back([this, name, &target](const po::variables_map& values, Diagnostics& diagnostics) {
    if (values.count(name) == 0) return;
    const auto& given = values[name].as<std::string>();
    std::string problem;
    const auto parsed = config::parse_duration(given, problem);
    if (!parsed) {
      diagnostics.error(impl_->mark(), fmt::format("--{}: {}", name, problem));
    } else if (*parsed < kLeast) {
      diagnostics.error(impl_->mark(), fmt::format("--{} is {}, but must be at least 1 ms", name, given));
    } else {
      target = *parsed;
    }
  });
}

void Options::choice(const char* name, std::vector<std::string_view> words, const std::string& help,
                     std::string& target) {
  // So many words that they would not fit into the column of the options go into that of the help.
  constexpr std::size_t kMostInColumn = 30;
  const std::string in_column = joined(words, "|");
  const bool fits = in_column.size() <= kMostInColumn;
  impl_->declare(name, po::value<std::string>(&target)->value_name(fits ? in_column : "WORD"),
                 fits ? help : fmt::format("{}; one of {}", help, joined(words)));
  impl_->readers.push_back([this, name, words](const po::variables_map& values, Diagnostics& diagnostics) {
    if (values.count(name) == 0) return;
    const auto& given = values[name].as<std::string>();
    if (std::find(words.begin(), words.end(), given) != words.end()) return;
    diagnostics.error(impl_->mark(), fmt::format("--{} is unknown: '{}'", name, given)).notes =
        suggestions(given, words, "words here");
  });
}

bool Options::parse(const Arguments& arguments) {
  bool help_wanted = false;
  group("Help");
  flag("help,h", "print this and stop", help_wanted);
  const po::variables_map values = impl_->parsed(arguments);
  if (help_wanted) {
    fmt::print("{}", help());
    return false;
  }
  Diagnostics diagnostics;
  impl_->take_operands(values, diagnostics);
  for (const auto& read : impl_->readers) read(values, diagnostics);
  throw_if_errors(diagnostics);
  return true;
}

po::variables_map Options::Impl::parsed(const Arguments& arguments) const {
  const po::options_description all = everything();
  po::positional_options_description positional;
  positional.add(kOperands, -1);
  const std::string ask = fmt::format("'{} --help' lists the options", page.command);
  try {
    po::variables_map values;
    po::store(po::command_line_parser(arguments).options(all).positional(positional).style(kStyle).run(), values);
    po::notify(values);
    return values;
  } catch (const po::unknown_option& e) {
    const std::vector<std::string_view> known(names.begin(), names.end());
    std::vector<std::string> notes = suggestions(e.get_option_name(), known, "options here");
    misuse(page.command, fmt::format("unknown option '{}'", e.get_option_name()), std::move(notes));
  } catch (const po::multiple_occurrences& e) {
    misuse(page.command, fmt::format("option '{}' is given twice", e.get_option_name()), {ask});
  } catch (const po::invalid_command_line_syntax& e) {
    const bool bare = e.kind() == po::invalid_syntax::extra_parameter;
    misuse(page.command, fmt::format("option '{}' {}", e.get_option_name(), bare ? "takes no value" : "needs a value"),
           {ask});
  } catch (const po::error& e) {
    misuse(page.command, e.what(), {ask});
  }
  return {};  // not reached
}

void Options::Impl::take_operands(const po::variables_map& values, Diagnostics& diagnostics) const {
  std::vector<std::string> given;
  if (values.count(kOperands) > 0) given = values[kOperands].as<std::vector<std::string>>();
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (i < given.size()) {
      *operands[i].target = given[i];
    } else if (operands[i].required) {
      diagnostics.error(mark(), fmt::format("{} is missing", operands[i].name)).notes = {
          fmt::format("{}: {}", operands[i].name, operands[i].help), "example: " + page.example};
    }
  }
  for (std::size_t i = operands.size(); i < given.size(); ++i)
    diagnostics.error(mark(), fmt::format("one operand too many: '{}'", given[i])).notes = {usage()};
}

std::string Options::help() const {
  std::string out = impl_->usage() + "\n\n" + impl_->page.summary + "\n";
  if (!impl_->operands.empty()) out += "\n";
  for (const auto& operand : impl_->operands) out += fmt::format("  {:<12} {}\n", operand.name, operand.help);
  po::options_description all("", kColumns, kColumns / 2);
  for (const auto& group : impl_->groups) all.add(group);
  std::ostringstream printed;
  printed << all;
  std::string text = printed.str();
  text.replace(text.find("-h [ --help ]"), 13, "-h, --help   ");
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  return out + "\nexample:\n  " + impl_->page.example + "\n";
}

void misuse(const std::string& command, const std::string& message, std::vector<std::string> notes) {
  Diagnostics diagnostics;
  SourceMark mark;
  mark.file = command;
  diagnostics.error(mark, message).notes = std::move(notes);
  throw BadInput(diagnostics);
}

std::vector<std::string> suggestions(std::string_view word, const std::vector<std::string_view>& candidates,
                                     std::string_view label) {
  std::vector<std::string> notes;
  if (const std::string_view near = nearest(word, candidates); !near.empty())
    notes.push_back(fmt::format("did you mean '{}'?", near));
  notes.push_back(fmt::format("{}: {}", label, joined(candidates)));
  return notes;
}

}  // namespace tiersim::cli
