#include "traces/trace.hpp"

#include <algorithm>
#include <utility>

namespace tiersim::traces {

Trace::Trace(Columns columns, std::uint32_t block_tokens, std::uint32_t distinct_blocks, Origin origin,
             std::shared_ptr<const void> storage)
    : columns_(columns),
      block_tokens_(block_tokens),
      distinct_blocks_(distinct_blocks),
      has_sessions_(std::any_of(columns.previous.begin(), columns.previous.end(),
                                [](std::uint32_t previous) { return previous != kNoRequest; })),
      origin_(std::move(origin)),
      storage_(std::move(storage)) {}

std::vector<std::uint32_t> turns_of(const Trace& trace) {
  std::vector<std::uint32_t> turns(trace.has_sessions() ? trace.size() : 0);
  for (std::size_t r = 0; r < turns.size(); ++r) {
    const std::uint32_t previous = trace.previous(RequestId(r));
    turns[r] = previous == kNoRequest ? 0 : turns[previous] + 1;
  }
  return turns;
}

}  // namespace tiersim::traces
