// A summary as people read it, and what follows from it for those who want to replay the trace.
#include <fmt/format.h>

#include "traces/summary.hpp"

namespace tiersim::traces {
namespace {

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string grouped(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string time_text(double seconds) {
  if (seconds < 120) return fmt::format("{:.2f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.1f} min", seconds / 60);
  return seconds < 172'800 ? fmt::format("{:.1f} h", seconds / 3600) : fmt::format("{:.1f} days", seconds / 86'400);
}

std::string time_text(Duration span) { return time_text(in_seconds(span).value()); }
std::string time_text(std::uint64_t ns) { return time_text(Duration(static_cast<std::int64_t>(ns))); }

constexpr std::string_view kRow = "  {:<15}{:>16}{:>12}{:>11}{:>11}{:>11}{:>11}\n";

std::string row(std::string_view name, const Distribution& d) {
  return fmt::format(kRow, name, d.total == 0 ? "" : grouped(d.total), fmt::format("{:.2f}", d.mean), grouped(d.p50),
                     grouped(d.p90), grouped(d.p99), grouped(d.max));
}

std::string time_row(std::string_view name, const Distribution& d) {
  return fmt::format(kRow, name, "", time_text(d.mean * 1e-9), time_text(d.p50), time_text(d.p90), time_text(d.p99),
                     time_text(d.max));
}

std::string arrival_text(const TraceSummary& s) {
  const ArrivalSummary& a = s.arrivals;
  std::string out = fmt::format("  requests       {} in {}", grouped(s.requests), time_text(a.span));
  if (a.rate == 0) return out + "\n";
  out += fmt::format(": {:.2f}/s", a.rate);
  if (a.span >= Duration(120'000'000'000))
    out += fmt::format(", {:.2f}/s in the busiest minute ({:.1f} times as many)", a.peak_rate, a.peak_rate / a.rate);
  return out + fmt::format("\n  gaps           vary {:.2f} times as much as their mean (Poisson: 1)\n", a.burstiness);
}

std::string session_text(const SessionSummary& s) {
  if (s.sessions == 0) return "";
  return fmt::format("  sessions       {}, {} turns branch off\n", grouped(s.sessions),
                     s.branches == 0 ? "no" : grouped(s.branches));
}

std::string block_text(const TraceSummary& s) {
  if (s.distinct_blocks == 0) return "";
  const Sharing& sharing = s.sharing;
  std::string out =
      fmt::format("  footprint      {} blocks of {} tokens: {} tokens; {} references\n", grouped(s.distinct_blocks),
                  s.block_tokens, grouped(s.distinct_blocks * s.block_tokens), grouped(s.block_references));
  out += fmt::format(
      "  sharing        {:.1f}% of the blocks are used once; the most used 10% take {:.1f}% of references\n",
      share(sharing.used_once, s.distinct_blocks), share(sharing.popular_references, s.block_references));
  out += fmt::format(
      "  best reuse     {:.2f}% of prompt blocks, {:.2f}% of prompt tokens as contiguous prefixes "
      "(infinite cache)\n",
      100 * s.best_block_reuse(), 100 * s.best_token_reuse());
  return out;
}

std::vector<std::string> limits_of_blocks(const TraceSummary& s) {
  if (s.distinct_blocks == 0) return {"no block ids: useless for caches, every prompt is new"};
  std::vector<std::string> out;
  if (s.reused_references == 0) out.emplace_back("no block comes twice: useless for caches, nothing can be reused");
  if (!s.prefixes)
    out.emplace_back("ids are no prefixes (a block follows different blocks): useless for prefix caches");
  if (s.identified_answers == 0) out.emplace_back("answers have no ids: useless for the reuse of generated tokens");
  return out;
}

std::vector<std::string> limits_of_times(const TraceSummary& s) {
  const ArrivalSummary& a = s.arrivals;
  if (s.requests < 2) return {};
  if (a.times == 1)
    return {"all requests come at once: useless for latency under load; give one (load: poisson or concurrency)"};
  if (2 * a.times > s.requests) return {};
  const std::string step = time_text(in_seconds(a.span).value() / static_cast<double>(a.times - 1));
  return {fmt::format("times on a coarse grid ({} of them, {} apart): useless for short queues; use jitter: {}",
                      grouped(a.times), step, step)};
}

}  // namespace

std::vector<std::string> limits_of(const TraceSummary& s) {
  if (s.requests == 0) return {};
  std::vector<std::string> out = limits_of_blocks(s);
  if (s.sessions.sessions == 0) out.emplace_back("no sessions: useless for closed loops of sessions (load: sessions)");
  for (std::string& limit : limits_of_times(s)) out.push_back(std::move(limit));
  return out;
}

std::string to_text(const TraceSummary& s) {
  std::string out = fmt::format("{}  format {}  hash {}\n", s.origin.path.empty() ? "generated" : s.origin.path,
                                s.origin.format, s.origin.hash);
  out += arrival_text(s) + session_text(s.sessions);
  out += fmt::format(kRow, "", "total", "mean", "p50", "p90", "p99", "max");
  out += row("prompt tokens", s.prompt_tokens) + row("output tokens", s.output_tokens);
  if (s.sessions.sessions > 0)
    out += row("session turns", s.sessions.turns) + time_row("think time", s.sessions.think_time);
  if (s.reuse_interval) out += time_row("reuse interval", *s.reuse_interval);
  if (s.reuse_distance) out += row("reuse distance", *s.reuse_distance);
  out += block_text(s);
  for (const std::string& limit : limits_of(s)) out += "  ! " + limit + "\n";
  return out;
}

}  // namespace tiersim::traces
