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

}  // namespace tiersim::traces
