#pragma once
/// Traces as plain CSV, in the columns that the reader "csv" takes: arrival, prompt_tokens, output_tokens, session
/// (named by its first request) or, where several requests follow one, previous; think_time. Block ids are left out, as
/// that format has none. O(requests).
#include <string>

#include "traces/trace.hpp"

namespace tiersim::traces {

[[nodiscard]] std::string to_csv(const Trace& trace);
/// Whole or not at all. Throws std::runtime_error if it cannot.
void write_csv(const Trace& trace, const std::string& path);

}  // namespace tiersim::traces
