#include "traces/repeat.hpp"

#include <algorithm>
#include <utility>

#include "traces/trace_builder.hpp"

namespace tiersim::traces {

Trace first_requests(const Trace& trace, std::size_t n) {
  Trace::Columns c = trace.columns();
  c.arrival = c.arrival.first(n);
  c.prompt_tokens = c.prompt_tokens.first(n);
  c.output_tokens = c.output_tokens.first(n);
  c.identified_tokens = c.identified_tokens.first(n);
  c.previous = c.previous.first(n);
  c.think_time = c.think_time.first(n);
  c.extent_offsets = c.extent_offsets.first(n + 1);
  c.extents = c.extents.first(c.extent_offsets[n]);
  c.next_use_offsets = {};  // they would name requests that are gone
  c.next_uses = {};
  std::uint32_t distinct = 0;
  for (const Extent& e : c.extents) distinct = std::max(distinct, e.first + e.count);
  auto keep = std::make_shared<Trace>(trace);
  return Trace(c, trace.block_tokens(), distinct, trace.origin(), keep);
}

std::size_t requests_within(const Trace& trace, std::uint64_t references) {
  std::uint64_t left = references;
  for (std::size_t r = 0; r < trace.size(); ++r) {
    for (const Extent& extent : trace.extents(RequestId(r))) {
      if (extent.count > left) return r;
      left -= extent.count;
    }
  }
  return trace.size();
}

Trace repeated(const Trace& trace, Duration gap) {
  const auto n = static_cast<std::uint32_t>(trace.size());
  const std::int64_t shift = trace.columns().arrival.back() + gap.value();
  TraceBuilder twice;  // stored next uses are of the single pass: left out
  twice.reserve(2 * trace.size());
  for (std::uint32_t pass = 0; pass < 2; ++pass) {
    for (std::uint32_t r = 0; r < n; ++r) {
      const RequestId id(r);
      for (const Extent& extent : trace.extents(id)) twice.add_extent(extent);
      const std::uint32_t previous = trace.previous(id);
      twice.add_request({.arrival = trace.arrival(id).value() + pass * shift,
                         .prompt_tokens = trace.prompt_tokens(id),
                         .output_tokens = trace.output_tokens(id),
                         .identified_tokens = trace.identified_tokens(id),
                         .previous = previous == kNoRequest ? kNoRequest : previous + pass * n,
                         .think_time = trace.think_time(id).value()});
    }
  }
  return std::move(twice).finish(trace.block_tokens(), trace.distinct_blocks(), trace.origin());
}

Trace arriving_at(const Trace& trace, std::span<const Time> arrivals) {
  struct Kept {
    Trace trace;
    std::vector<std::int64_t> arrival;
  };
  auto kept = std::make_shared<Kept>(Kept{trace, {}});
  for (Time t : arrivals) kept->arrival.push_back(t.value());
  Trace::Columns columns = trace.columns();
  columns.arrival = kept->arrival;
  return Trace(columns, trace.block_tokens(), trace.distinct_blocks(), trace.origin(), kept);
}

}  // namespace tiersim::traces
