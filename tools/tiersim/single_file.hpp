#pragma once
/// One output file that an option names.
///
/// Appears whole or not at all, its folder with it. Errors: BadInput that names the option, for a path that is a
/// directory or lies in a file.
#include <string>

namespace tiersim::cli {

/// `option`: "--plot".
void write_single_file(const std::string& command, const std::string& option, const std::string& file,
                       const std::string& text);

}  // namespace tiersim::cli
