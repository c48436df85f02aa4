#include "sim/memory/prefix_tree.hpp"

namespace tiersim {

PrefixTree::PrefixTree(const traces::Trace& trace, Tokens block)
    : per_trace_block_(trace.has_blocks() ? trace.block_tokens() / static_cast<std::uint32_t>(block.value()) : 1) {
  nodes_.reserve(trace.distinct_blocks());
  for (std::size_t r = 0; r < trace.size(); ++r) {
    std::uint32_t parent = kNone, position = 0;
    for (const traces::Extent& e : trace.extents(RequestId(r))) {
      // Ids are in the order of first mention: what is new of an extent is its end.
      for (auto b = static_cast<std::uint32_t>(nodes_.size()); b < e.first + e.count; ++b)
        nodes_.push_back({b == e.first ? parent : b - 1, position + (b - e.first)});
      parent = e.first + e.count - 1;
      position += e.count;
    }
  }
}

}  // namespace tiersim
