#pragma once
/// Files that appear whole or not at all: written aside, then renamed. Called by the writers of this room. Throws
/// std::runtime_error, with nothing left behind, if it cannot.
#include <cstddef>
#include <span>
#include <string>

namespace tiersim::traces {

void write_whole_file(std::span<const std::byte> bytes, const std::string& path);

}  // namespace tiersim::traces
