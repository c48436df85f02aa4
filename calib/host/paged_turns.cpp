#include "calib/host/paged_turns.hpp"

#include <utility>

#include "calib/host/cold_pool.hpp"
#include "sim/core/rng.hpp"

namespace tiersim::calib {
namespace {

constexpr std::uint64_t kSeed = 0x7061676564;

std::vector<const float*> shuffled_blocks(const Buffer& pool, std::int64_t elements) {
  std::vector<const float*> blocks;
  const std::span<float> all = pool.all<float>();
  for (std::size_t at = 0; at + static_cast<std::size_t>(elements) <= all.size();
       at += static_cast<std::size_t>(elements)) {
    blocks.push_back(all.data() + at);
  }
  Rng rng(kSeed);
  for (std::size_t i = blocks.size(); i > 1; --i) std::swap(blocks[i - 1], blocks[rng.below(i)]);
  return blocks;
}

}  // namespace

std::int64_t blocks_of(const SequenceLengths& lengths, std::int64_t block) {
  std::int64_t sum = 0;
  for (const SequenceLength& length : lengths) sum += (length.context + block - 1) / block;
  return sum;
}

std::int64_t outputs_of(const AttentionShape& shape, const SequenceLengths& lengths) {
  std::int64_t queries = 0;
  for (const SequenceLength& length : lengths) queries += length.queries;
  return queries * shape.query_heads * shape.head_dim * static_cast<std::int64_t>(sizeof(float));
}

PagedTurns::PagedTurns(const AttentionShape& shape, const SequenceLengths& lengths, const Buffer& pool,
                       const Buffer& outputs)
    : blocks_(shuffled_blocks(pool, shape.block_elements())) {
  const std::int64_t width = shape.query_heads * shape.head_dim;
  ColdTurns output(outputs, outputs_of(shape, lengths));
  queries_.resize(static_cast<std::size_t>(outputs_of(shape, lengths)) / sizeof(float));
  fill_signed(queries_, kSeed);
  const auto needed = static_cast<std::size_t>(blocks_of(lengths, shape.block));
  for (std::size_t first = 0; first + needed <= blocks_.size(); first += needed) {
    std::vector<PagedSequence>& batch = turns_.emplace_back();
    std::size_t at = first;
    std::int64_t query = 0;
    for (const SequenceLength& length : lengths) {
      const auto count = static_cast<std::size_t>(blocks_of({length}, shape.block));
      batch.push_back({.blocks = std::span(blocks_).subspan(at, count),
                       .context = length.context,
                       .queries = length.queries,
                       .query = queries_.data() + query * width,
                       .output = output.current<float>() + query * width});
      at += count;
      query += length.queries;
    }
    output.advance();
  }
}

std::span<const PagedSequence> PagedTurns::next() {
  turn_ = turn_ + 1 < turns_.size() ? turn_ + 1 : 0;
  return turns_[turn_];
}

}  // namespace tiersim::calib
