#include "sim/serving/workload.hpp"

#include <algorithm>

namespace tiersim {
namespace {

std::size_t named_ids(const traces::Trace& trace, std::int64_t block) {
  return trace.has_blocks() ? static_cast<std::size_t>(trace.distinct_blocks()) *
                                  static_cast<std::size_t>(trace.block_tokens() / block)
                            : 0;
}

std::size_t private_ids(const traces::Trace& trace, std::size_t request, std::int64_t block) {
  const std::int64_t tokens =
      std::int64_t{trace.columns().prompt_tokens[request]} + trace.columns().output_tokens[request];
  return static_cast<std::size_t>(tokens / block + 1);
}

}  // namespace

bool ids_fit(const traces::Trace& trace, Tokens block) {
  std::size_t ids = named_ids(trace, block.value());
  for (std::size_t r = 0; r < trace.size(); ++r) ids += private_ids(trace, r, block.value());
  return ids < UINT32_MAX;
}

Workload::Workload(const traces::Trace& trace, Tokens block)
    : trace_(trace),
      block_(block.value()),
      per_trace_block_(trace.has_blocks() ? static_cast<std::uint32_t>(trace.block_tokens() / block_) : 0),
      distinct_(named_ids(trace, block_)),
      all_(distinct_),
      private_base_(trace.size()) {
  std::size_t next = distinct_;
  for (std::size_t r = 0; r < trace.size(); ++r) {
    private_base_[r] = static_cast<std::uint32_t>(next);
    next += private_ids(trace, r, block_);
  }
  all_ = next;
}

void Workload::append_blocks(RequestId r, std::int64_t count, std::vector<BlockId>& out) const {
  auto left = static_cast<std::uint32_t>(count);
  for (const traces::Extent& extent : trace_.extents(r)) {
    if (left == 0) return;
    const std::uint32_t first = extent.first * per_trace_block_;
    const std::uint32_t take = std::min(left, extent.count * per_trace_block_);
    for (std::uint32_t i = 0; i < take; ++i) out.push_back(BlockId(first + i));
    left -= take;
  }
}

}  // namespace tiersim
