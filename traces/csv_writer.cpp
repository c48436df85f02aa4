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

}  // namespace

std::string to_csv(const Trace& trace) {
  const Trace::Columns& c = trace.columns();
  const bool sessions = trace.has_sessions();
  const std::vector<std::uint32_t> start = session_starts(trace);
  std::string out =
      sessions ? "arrival,prompt_tokens,output_tokens,session,think_time\n" : "arrival,prompt_tokens,output_tokens\n";
  for (std::size_t r = 0; r < trace.size(); ++r) {
    fmt::format_to(std::back_inserter(out), "{},{},{}", seconds(c.arrival[r]), c.prompt_tokens[r], c.output_tokens[r]);
    if (sessions) {
      const bool first_turn = c.previous[r] == kNoRequest;
      fmt::format_to(std::back_inserter(out), ",{},{}", start[r], first_turn ? "" : seconds(c.think_time[r]));
    }
    out += '\n';
  }
  return out;
}

void write_csv(const Trace& trace, const std::string& path) {
  const std::string text = to_csv(trace);
  write_whole_file(std::as_bytes(std::span(text)), path);
}

}  // namespace tiersim::traces
