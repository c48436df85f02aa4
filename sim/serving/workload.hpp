#pragma once
/// A trace as the engine sees it: block counts and ids at the engine's block size.
///
/// A trace block of T tokens is T/B engine blocks with the consecutive ids h T/B + i. Ids from named_blocks() on are
/// private: content that one request alone can find again, after a preemption. Immutable; O(1) per question but for
/// append_blocks, which is O(blocks).
#include <cstdint>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/units.hpp"
#include "traces/trace.hpp"

namespace tiersim {

class Workload {
 public:
  /// `block` divides the trace's block (or the trace has no ids): checked when the scenario is resolved.
  Workload(const traces::Trace& trace, Tokens block);

  [[nodiscard]] const traces::Trace& trace() const { return trace_; }
  [[nodiscard]] std::size_t size() const { return trace_.size(); }
  [[nodiscard]] std::int64_t block_tokens() const { return block_; }
  [[nodiscard]] std::int64_t prompt(RequestId r) const { return trace_.prompt_tokens(r); }
  [[nodiscard]] std::int64_t output(RequestId r) const { return trace_.output_tokens(r); }
  /// Full engine blocks with an identity in the first `tokens` tokens of prompt + output.
  [[nodiscard]] std::int64_t named_blocks(RequestId r, std::int64_t tokens) const {
    return std::min<std::int64_t>(tokens, trace_.identified_tokens(r)) / block_;
  }
  /// Frames that the request needs when its last token is produced (that token's own KV is never computed).
  [[nodiscard]] std::int64_t most_blocks(RequestId r) const { return blocks_for(prompt(r) + output(r) - 1); }
  [[nodiscard]] std::int64_t blocks_for(std::int64_t tokens) const { return (tokens + block_ - 1) / block_; }
  /// Appends the ids of the first `count` named blocks.
  void append_blocks(RequestId r, std::int64_t count, std::vector<BlockId>& out) const;
  /// The private id of the block at `position` of the sequence.
  [[nodiscard]] BlockId private_block(RequestId r, std::int64_t position) const {
    return BlockId(private_base_[r.index()] + static_cast<std::uint32_t>(position));
  }
  /// Ids below this name content that any request may find.
  [[nodiscard]] std::size_t distinct_blocks() const { return distinct_; }
  /// All ids, private ones included.
  [[nodiscard]] std::size_t all_blocks() const { return all_; }

 private:
  traces::Trace trace_;
  std::int64_t block_;
  std::uint32_t per_trace_block_;  // T / B
  std::size_t distinct_, all_;
  std::vector<std::uint32_t> private_base_;  // by request
};

/// True if every id of the workload fits 32 bits.
[[nodiscard]] bool ids_fit(const traces::Trace& trace, Tokens block);

}  // namespace tiersim
