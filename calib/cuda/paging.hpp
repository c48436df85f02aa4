#pragma once
/// Where the elements of a paged KV cache lie, and what attention over it has to do.
///
/// Used by the attention kernels, by their naive reference and by the test on the host, so that one definition serves
/// all. A pool holds, for one layer, per block of `block` tokens first all keys and then all values, each
/// [kv head][token][head element]: a head's keys of one block are contiguous. A sequence names its blocks in a table.
/// Queries and outputs are [token][query head][head element], the tokens of all sequences one after the other. Plain
/// data and arithmetic: compiles for the host and for the device.
#include <cstdint>

#include "calib/cuda/random.hpp"

namespace tiersim::calib {

struct PagedShape {
  int query_heads = 0, kv_heads = 0, head_dim = 0;
  int block = 16;  ///< tokens, a power of two from 16 on

  /// Query heads that share a kv head.
  TIERSIM_BOTH constexpr int group() const { return query_heads / kv_heads; }
  TIERSIM_BOTH constexpr std::int64_t block_elements() const { return 2LL * kv_heads * head_dim * block; }
  /// Of the first element of a kv head's key (part 0) or value (part 1) of a block's token.
  TIERSIM_BOTH constexpr std::int64_t at(std::int64_t block_id, int part, int kv_head, int token) const {
    return block_id * block_elements() +
           ((static_cast<std::int64_t>(part) * kv_heads + kv_head) * block + token) * head_dim;
  }
  TIERSIM_BOTH constexpr std::int64_t query_at(std::int64_t token, int query_head) const {
    return (token * query_heads + query_head) * head_dim;
  }
};

/// One sequence of a batch.
struct BatchSequence {
  std::int64_t table = 0;        ///< of its first block's id in the table of all
  std::int64_t first_query = 0;  ///< of its first new token among the new tokens of all
  int context = 0;               ///< tokens in its blocks, the new ones included
  int queries = 1;               ///< new tokens: the last of the context
};

/// Multiplications and additions of causal attention: each new token with itself and all before it.
constexpr double attention_flops(const PagedShape& shape, const BatchSequence& sequence) {
  const double queries = sequence.queries, before = sequence.context - sequence.queries;
  return 4.0 * shape.query_heads * shape.head_dim * (queries * before + queries * (queries + 1) / 2);
}

/// Bytes of 2-byte elements that must move: keys and values of the context, queries and outputs, once each.
constexpr double attention_bytes(const PagedShape& shape, const BatchSequence& sequence) {
  const double keys_and_values = 2.0 * sequence.context * shape.kv_heads * shape.head_dim;
  const double queries_and_outputs = 2.0 * sequence.queries * shape.query_heads * shape.head_dim;
  return 2.0 * (keys_and_values + queries_and_outputs);
}

}  // namespace tiersim::calib
