#pragma once
/// The subcommands of `tiersim`: each has a file of its name; main.cpp, models.cpp and trace.cpp hold the tables that
/// they stand in.
///
/// A subcommand gets the arguments behind its name and returns the exit status of a run that worked (0, or 1 if it
/// stopped early). What goes wrong is thrown: BadInput (status 2), InternalError (3), anything else (1); main() prints
/// it. Only results go to stdout.
#include <span>
#include <string>
#include <string_view>

#include "tools/tiersim/options.hpp"

namespace tiersim::cli {

struct Command {
  std::string_view name;
  std::string_view summary;  ///< a line of the help
  int (*run)(const Arguments& arguments);
};

/// Runs the command that the first argument names; without one, or for --help, prints the page of them all.
int dispatch(const HelpPage& page, std::span<const Command> commands, const Arguments& arguments);

int run_command(const Arguments& arguments);
int check_command(const Arguments& arguments);
int show_command(const Arguments& arguments);
int list_command(const Arguments& arguments);
int models_command(const Arguments& arguments);
int models_list_command(const Arguments& arguments);
int models_import_command(const Arguments& arguments);
int calibrate_command(const Arguments& arguments);
int validate_command(const Arguments& arguments);
int why_command(const Arguments& arguments);
int mrc_command(const Arguments& arguments);
int replay_cache_command(const Arguments& arguments);
int reuse_command(const Arguments& arguments);
int explain_command(const Arguments& arguments);
int attention_command(const Arguments& arguments);
int attention_replay_command(const Arguments& arguments);
int attention_generate_command(const Arguments& arguments);
int trace_command(const Arguments& arguments);
int trace_info_command(const Arguments& arguments);
int trace_head_command(const Arguments& arguments);
int trace_convert_command(const Arguments& arguments);
int trace_generate_command(const Arguments& arguments);

}  // namespace tiersim::cli
