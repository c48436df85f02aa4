#pragma once
/// Batches of paged sequences over a cold pool: what the family of attention goes round.
///
/// Each turn is the same batch (contexts, queries) in other blocks of the pool; blocks lie in random order, as in a
/// paged cache that has been in use. There are as many turns as the pool has room for, at least one. Queries are the
/// same, warm, in all turns; outputs go to cold places too. The pools must outlive this. Deterministic.
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

/// Bytes of the outputs of a batch.
[[nodiscard]] std::int64_t outputs_of(const AttentionShape& shape, const SequenceLengths& lengths);
/// Blocks that hold these contexts.
[[nodiscard]] std::int64_t blocks_of(const SequenceLengths& lengths, std::int64_t block);

class PagedTurns {
 public:
  /// The pool has at least blocks_of() blocks of the shape; `outputs` has room for outputs_of() bytes or more.
  PagedTurns(const AttentionShape& shape, const SequenceLengths& lengths, const Buffer& pool, const Buffer& outputs);

  [[nodiscard]] std::span<const PagedSequence> next();
  /// The batch that next() gave last.
  [[nodiscard]] std::span<const PagedSequence> current() const { return turns_[turn_]; }

 private:
  std::vector<const float*> blocks_;  ///< of the whole pool, in random order
  std::vector<float> queries_;
  std::vector<std::vector<PagedSequence>> turns_;
  std::size_t turn_ = 0;
};

}  // namespace tiersim::calib
