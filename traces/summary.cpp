#include "traces/summary.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tiersim::traces {
namespace {

constexpr std::int64_t kMinute = 60'000'000'000;  // ns

std::uint64_t percentile(const std::vector<std::uint64_t>& sorted, std::uint64_t percent) {
  return sorted[(percent * sorted.size() + 99) / 100 - 1];
}

Distribution distribution_of(std::vector<std::uint64_t> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const std::uint64_t total = std::accumulate(values.begin(), values.end(), std::uint64_t{0});
  return {.total = total,
          .mean = static_cast<double>(total) / static_cast<double>(values.size()),
          .p50 = percentile(values, 50),
          .p90 = percentile(values, 90),
          .p99 = percentile(values, 99),
          .max = values.back()};
}

Distribution distribution_of(std::span<const std::uint32_t> values) {
  return distribution_of(std::vector<std::uint64_t>(values.begin(), values.end()));
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

std::uint64_t most_in_a_minute(std::span<const std::int64_t> arrival) {
  std::uint64_t most = 0, count = 0;
  std::int64_t minute = 0;
  for (const std::int64_t time : arrival) {
    const std::int64_t its = (time - arrival.front()) / kMinute;
    count = its == minute ? count + 1 : 1;
    minute = its;
    most = std::max(most, count);
  }
  return most;
}

ArrivalSummary arrivals_of(std::span<const std::int64_t> arrival) {
  ArrivalSummary out;
  out.span = Duration(arrival.back() - arrival.front());
  if (out.span.value() > 0) out.rate = static_cast<double>(arrival.size() - 1) / in_seconds(out.span).value();
  out.burstiness = variation_of_gaps(arrival);
  out.peak_rate = static_cast<double>(most_in_a_minute(arrival)) / in_seconds(Duration(kMinute)).value();
  out.times = 1;
  for (std::size_t i = 1; i < arrival.size(); ++i) out.times += arrival[i] != arrival[i - 1];
  return out;
}

SessionSummary sessions_of(const Trace& trace) {
  SessionSummary out;
  if (!trace.has_sessions()) return out;
  const auto& c = trace.columns();
  std::vector<std::uint32_t> session(trace.size());
  std::vector<std::uint64_t> turns, think_times;
  std::vector<bool> followed(trace.size());
  for (std::size_t r = 0; r < trace.size(); ++r) {
    const std::uint32_t previous = c.previous[r];
    if (previous == kNoRequest) {
      session[r] = static_cast<std::uint32_t>(turns.size());
      turns.push_back(1);
      continue;
    }
    session[r] = session[previous];
    ++turns[session[r]];
    think_times.push_back(static_cast<std::uint64_t>(c.think_time[r]));
    out.branches += followed[previous];
    followed[previous] = true;
  }
  out.sessions = turns.size();
  out.turns = distribution_of(std::move(turns));
  out.think_time = distribution_of(std::move(think_times));
  return out;
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

}  // namespace

double TraceSummary::best_block_reuse() const { return ratio(reused_references, prompt_references); }
double TraceSummary::best_token_reuse() const { return ratio(reusable_tokens, prompt_tokens.total); }

TraceSummary summarise(const Trace& trace) {
  TraceSummary s;
  s.origin = trace.origin();
  s.requests = trace.size();
  if (trace.size() == 0) return s;
  const auto& columns = trace.columns();
  s.arrivals = arrivals_of(columns.arrival);
  s.prompt_tokens = distribution_of(columns.prompt_tokens);
  s.output_tokens = distribution_of(columns.output_tokens);
  s.sessions = sessions_of(trace);
  s.block_tokens = trace.block_tokens();
  s.distinct_blocks = trace.distinct_blocks();
  if (!trace.has_blocks()) return s;
  ReuseCounter counter(trace, s);
  for (std::size_t r = 0; r < trace.size(); ++r) {
    counter.add(RequestId(r));
    s.identified_answers += columns.identified_tokens[r] > columns.prompt_tokens[r];
  }
  s.prefixes = ids_are_prefixes(trace);
  s.sharing = sharing_of(trace);
  return s;
}

}  // namespace tiersim::traces
