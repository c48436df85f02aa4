#include "traces/repeat.hpp"

#include <algorithm>
#include <vector>

namespace tiersim::traces {
namespace {

struct Storage {
  std::vector<std::int64_t> arrival, think_time;
  std::vector<std::uint32_t> prompt, output, identified, previous;
  std::vector<std::uint64_t> offsets;
  std::vector<Extent> extents;
};

template <class T>
std::vector<T> twice(std::span<const T> column) {
  std::vector<T> out(column.begin(), column.end());
  out.insert(out.end(), column.begin(), column.end());
  return out;
}

}  // namespace

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

Trace repeated(const Trace& trace, Duration gap) {
  const Trace::Columns& c = trace.columns();
  const auto n = static_cast<std::uint32_t>(trace.size());
  auto s = std::make_shared<Storage>();
  s->arrival = twice(c.arrival);
  s->think_time = twice(c.think_time);
  s->prompt = twice(c.prompt_tokens);
  s->output = twice(c.output_tokens);
  s->identified = twice(c.identified_tokens);
  s->previous = twice(c.previous);
  s->extents = twice(c.extents);
  s->offsets.assign(c.extent_offsets.begin(), c.extent_offsets.end());
  const std::int64_t shift = c.arrival.back() + gap.value();
  for (std::uint32_t r = 0; r < n; ++r) {
    s->arrival[n + r] += shift;
    if (s->previous[n + r] != kNoRequest) s->previous[n + r] += n;
    s->offsets.push_back(c.extents.size() + c.extent_offsets[r + 1]);
  }
  Trace::Columns out;  // stored next uses are of the single pass: left out
  out.arrival = s->arrival;
  out.prompt_tokens = s->prompt;
  out.output_tokens = s->output;
  out.identified_tokens = s->identified;
  out.previous = s->previous;
  out.think_time = s->think_time;
  out.extent_offsets = s->offsets;
  out.extents = s->extents;
  return Trace(out, trace.block_tokens(), trace.distinct_blocks(), trace.origin(), s);
}

}  // namespace tiersim::traces
