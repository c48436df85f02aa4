#pragma once
/// Which content follows which in the sequences of a trace: the prefix tree of its engine blocks.
///
/// Called by eviction policies that go by the tree or by a block's place in its sequence; made by Simulation where one
/// asks (EvictionSetup::tree). Contents are ids of engine blocks: trace block h of T tokens is the contents h T/B + i,
/// each the parent of the next. A trace block's parent and place are those of its first mention: on traces of chained
/// hashes they are the same at every mention. Immutable. O(extents and blocks of the trace) to make, 8 B a trace block;
/// questions O(1).
#include <cstdint>
#include <vector>

#include "sim/core/units.hpp"
#include "traces/trace.hpp"

namespace tiersim {

class PrefixTree {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// `block` divides the trace's block, or the trace has no ids.
  PrefixTree(const traces::Trace& trace, Tokens block);

  /// The content before this one; kNone at the head of a sequence.
  [[nodiscard]] std::uint32_t parent(std::uint32_t content) const {
    if (content % per_trace_block_ > 0) return content - 1;
    const std::uint32_t before = nodes_[content / per_trace_block_].parent;
    return before == kNone ? kNone : (before + 1) * per_trace_block_ - 1;
  }
  /// In its sequence, in engine blocks.
  [[nodiscard]] std::uint32_t position(std::uint32_t content) const {
    return nodes_[content / per_trace_block_].position * per_trace_block_ + content % per_trace_block_;
  }

 private:
  struct Node {
    std::uint32_t parent, position;  // in trace blocks
  };
  std::uint32_t per_trace_block_;  // T / B
  std::vector<Node> nodes_;        // by trace block
};

}  // namespace tiersim
