#include <fmt/format.h>

#include <algorithm>

#include "sim/core/diagnostics.hpp"
#include "tools/tiersim/commands.hpp"

namespace tiersim::cli {
namespace {

void print_help(const HelpPage& page, std::span<const Command> commands) {
  fmt::print("usage: {} COMMAND [options]\n\n{}\n\n", page.command, page.summary);
  std::size_t width = 0;
  for (const Command& c : commands) width = std::max(width, c.name.size());
  for (const Command& c : commands) fmt::print("  {:<{}} {}\n", c.name, width, c.summary);
  fmt::print("\n'{} COMMAND --help' says more.\n\nexample:\n  {}\n", page.command, page.example);
}

}  // namespace

int dispatch(const HelpPage& page, std::span<const Command> commands, const Arguments& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    print_help(page, commands);
    return 0;
  }
  std::vector<std::string_view> names;
  for (const Command& c : commands) {
    if (c.name == arguments[0]) return c.run({arguments.begin() + 1, arguments.end()});
    names.push_back(c.name);
  }
  misuse(page.command,
         fmt::format("unknown {} '{}'", arguments[0].starts_with("-") ? "option" : "command", arguments[0]),
         suggestions(arguments[0], names, "commands"));
}

}  // namespace tiersim::cli
