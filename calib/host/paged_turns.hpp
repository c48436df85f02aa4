#pragma once
/// Batches of paged sequences over a cold pool: what the family of attention goes round.
///
/// Each turn is the same batch (contexts, queries) in other blocks of the pool; blocks lie in random order, as in a
/// paged cache that has been in use. There are as many turns as the pool has room for, at least one. Queries and
/// outputs are the same, warm, in all turns. The pool must outlive this. Deterministic.
#include <cstdint>
#include <span>
#include <vector>

#include "calib/host/buffer.hpp"
#include "calib/host/kernels.hpp"

namespace tiersim::calib {

struct SequenceLength {
  std::int64_t context = 0, queries = 1;
};
using SequenceLengths = std::vector<SequenceLength>;

/// Blocks that hold these contexts.
[[nodiscard]] std::int64_t blocks_of(const SequenceLengths& lengths, std::int64_t block);

class PagedTurns {
 public:
  /// The pool has at least blocks_of() blocks of the shape.
  PagedTurns(const AttentionShape& shape, const SequenceLengths& lengths, const Buffer& pool);

  [[nodiscard]] std::span<const PagedSequence> next();
  /// The batch that next() gave last.
  [[nodiscard]] std::span<const PagedSequence> current() const { return turns_[turn_]; }

 private:
  std::vector<const float*> blocks_;  ///< of the whole pool, in random order
  std::vector<float> queries_, outputs_;
  std::vector<std::vector<PagedSequence>> turns_;
  std::size_t turn_ = 0;
};

}  // namespace tiersim::calib
