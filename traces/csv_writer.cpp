#include "traces/csv_writer.hpp"

#include <fmt/format.h>

#include <iterator>
#include <vector>

#include "traces/whole_file.hpp"

namespace tiersim::traces {
namespace {

/// Seconds with all nine decimals, so that a reader gets the nanosecond back.
std::string seconds(std::int64_t ns) { return fmt::format("{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000); }

/// The first request of each request's session.
std::vector<std::uint32_t> session_starts(const Trace& trace) {
  std::vector<std::uint32_t> first(trace.size());
  for (std::uint32_t r = 0; r < first.size(); ++r) {
    const std::uint32_t previous = trace.columns().previous[r];
    first[r] = previous == kNoRequest ? r : first[previous];
  }
  return first;
}

/// Whether the turns of each session are a chain, so that its name and their order say what follows what.
bool are_chains(const Trace& trace) {
  std::vector<bool> followed(trace.size());
  for (const std::uint32_t previous : trace.columns().previous) {
    if (previous == kNoRequest) continue;
    if (followed[previous]) return false;
    followed[previous] = true;
  }
  return true;
}

/// By request, what its column `session` or `previous` says.
std::vector<std::string> turn_column(const Trace& trace, bool chains) {
  std::vector<std::string> out;
  const std::vector<std::uint32_t> start = session_starts(trace);
  for (std::uint32_t r = 0; r < trace.size(); ++r) {
    const std::uint32_t previous = trace.columns().previous[r];
    const std::string record = previous == kNoRequest ? "" : fmt::format("{}", previous + 1);
    out.push_back(chains ? fmt::format("{}", start[r]) : record);
  }
  return out;
}

}  // namespace

std::string to_csv(const Trace& trace) {
  const Trace::Columns& c = trace.columns();
  const bool sessions = trace.has_sessions(), chains = are_chains(trace);
  const std::vector<std::string> turns = sessions ? turn_column(trace, chains) : std::vector<std::string>();
  std::string out = "arrival,prompt_tokens,output_tokens";
  if (sessions) out += chains ? ",session,think_time" : ",previous,think_time";
  out += '\n';
  for (std::size_t r = 0; r < trace.size(); ++r) {
    fmt::format_to(std::back_inserter(out), "{},{},{}", seconds(c.arrival[r]), c.prompt_tokens[r], c.output_tokens[r]);
    const bool first_turn = c.previous[r] == kNoRequest;
    if (sessions)
      fmt::format_to(std::back_inserter(out), ",{},{}", turns[r], first_turn ? "" : seconds(c.think_time[r]));
    out += '\n';
  }
  return out;
}

void write_csv(const Trace& trace, const std::string& path) {
  const std::string text = to_csv(trace);
  write_whole_file(std::as_bytes(std::span(text)), path);
}

}  // namespace tiersim::traces
