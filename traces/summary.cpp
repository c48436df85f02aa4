#include "traces/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace tiersim::traces {
namespace {

std::uint64_t percentile(const std::vector<std::uint32_t>& sorted, std::uint64_t percent) {
  return sorted[(percent * sorted.size() + 99) / 100 - 1];
}

Distribution distribution_of(std::span<const std::uint32_t> values) {
  if (values.empty()) return {};
  std::vector<std::uint32_t> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  const std::uint64_t total = std::accumulate(sorted.begin(), sorted.end(), std::uint64_t{0});
  return {.total = total,
          .mean = static_cast<double>(total) / static_cast<double>(sorted.size()),
          .p50 = percentile(sorted, 50),
          .p90 = percentile(sorted, 90),
          .p99 = percentile(sorted, 99),
          .max = sorted.back()};
}

double variation_of_gaps(std::span<const std::int64_t> arrival) {
  if (arrival.size() < 2 || arrival.back() == arrival.front()) return 0;
  const double n = static_cast<double>(arrival.size() - 1);
  const double mean = static_cast<double>(arrival.back() - arrival.front()) / n;
  double squares = 0;
  for (std::size_t i = 1; i < arrival.size(); ++i) {
    const double off = static_cast<double>(arrival[i] - arrival[i - 1]) - mean;
    squares += off * off;
  }
  return std::sqrt(squares / n) / mean;
}

/// Ids come in order of first touch, so a block was mentioned before iff its id is below the count of those seen.
class ReuseCounter {
 public:
  ReuseCounter(const Trace& trace, TraceSummary& summary) : trace_(trace), summary_(summary) {}

  void add(RequestId request) {
    const std::uint64_t per_block = trace_.block_tokens();
    const std::uint64_t prompt = trace_.prompt_tokens(request);
    const std::uint64_t known = std::min<std::uint64_t>(prompt, trace_.identified_tokens(request));
    std::uint64_t left = (known + per_block - 1) / per_block;  // blocks that hold prompt tokens
    const std::uint64_t seen_before = seen_;
    std::uint64_t prefix = 0;
    bool contiguous = true;
    for (const Extent& extent : trace_.extents(request)) {
      const std::uint64_t count = std::min<std::uint64_t>(left, extent.count);
      const std::uint64_t old = below(seen_before, extent.first, count);
      if (contiguous) prefix += old;
      contiguous = contiguous && old == count;
      summary_.prompt_references += count;
      summary_.reused_references += below(seen_, extent.first, count);
      summary_.block_references += extent.count;
      left -= count;
      seen_ = std::max<std::uint64_t>(seen_, std::uint64_t{extent.first} + extent.count);
    }
    summary_.reusable_tokens += std::min(prefix * per_block, known);
  }

 private:
  /// How many of `count` ids from `first` on are below `limit`.
  static std::uint64_t below(std::uint64_t limit, std::uint64_t first, std::uint64_t count) {
    return limit > first ? std::min(limit - first, count) : 0;
  }

  const Trace& trace_;
  TraceSummary& summary_;
  std::uint64_t seen_ = 0;
};

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string grouped(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string time_text(Duration span) {
  const double seconds = in_seconds(span).value();
  if (seconds < 120) return fmt::format("{:.2f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.1f} min", seconds / 60);
  return seconds < 172'800 ? fmt::format("{:.1f} h", seconds / 3600) : fmt::format("{:.1f} days", seconds / 86'400);
}

std::string row(const char* name, const Distribution& d) {
  return fmt::format("  {:<15}{:>14}{:>12.2f}{:>10}{:>10}{:>10}{:>10}\n", name, grouped(d.total), d.mean,
                     grouped(d.p50), grouped(d.p90), grouped(d.p99), grouped(d.max));
}

std::string block_text(const TraceSummary& s) {
  if (s.distinct_blocks == 0) return "  blocks         none identified\n";
  std::string out = fmt::format("  blocks         {} references to {} distinct blocks of {} tokens\n",
                                grouped(s.block_references), grouped(s.distinct_blocks), s.block_tokens);
  out += fmt::format(
      "  best reuse     {:.2f}% of prompt blocks, {:.2f}% of prompt tokens as contiguous prefixes "
      "(infinite cache)\n",
      100 * s.best_block_reuse(), 100 * s.best_token_reuse());
  return out;
}

}  // namespace

double TraceSummary::best_block_reuse() const { return ratio(reused_references, prompt_references); }
double TraceSummary::best_token_reuse() const { return ratio(reusable_tokens, prompt_tokens.total); }

TraceSummary summarise(const Trace& trace) {
  TraceSummary s;
  s.origin = trace.origin();
  s.requests = trace.size();
  if (trace.size() == 0) return s;
  const auto& columns = trace.columns();
  s.span = Duration(columns.arrival.back() - columns.arrival.front());
  if (s.span.value() > 0) s.rate = static_cast<double>(s.requests - 1) / in_seconds(s.span).value();
  s.burstiness = variation_of_gaps(columns.arrival);
  s.prompt_tokens = distribution_of(columns.prompt_tokens);
  s.output_tokens = distribution_of(columns.output_tokens);
  if (trace.has_sessions()) s.sessions = static_cast<std::uint64_t>(std::ranges::count(columns.previous, kNoRequest));
  s.block_tokens = trace.block_tokens();
  s.distinct_blocks = trace.distinct_blocks();
  if (!trace.has_blocks()) return s;
  ReuseCounter counter(trace, s);
  for (std::size_t r = 0; r < trace.size(); ++r) counter.add(RequestId(r));
  return s;
}

std::string to_text(const TraceSummary& s) {
  std::string out = fmt::format("{}  format {}  hash {}\n", s.origin.path.empty() ? "generated" : s.origin.path,
                                s.origin.format, s.origin.hash);
  out += fmt::format("  requests       {} in {} ({:.2f}/s), gaps vary {:.2f} times as much as their mean\n",
                     grouped(s.requests), time_text(s.span), s.rate, s.burstiness);
  if (s.sessions > 0)
    out += fmt::format("  sessions       {}, {:.2f} turns each\n", grouped(s.sessions), ratio(s.requests, s.sessions));
  out += fmt::format("  {:<15}{:>14}{:>12}{:>10}{:>10}{:>10}{:>10}\n", "tokens", "total", "mean", "p50", "p90", "p99",
                     "max");
  out += row("  prompt", s.prompt_tokens) + row("  output", s.output_tokens);
  return out + block_text(s);
}

}  // namespace tiersim::traces
