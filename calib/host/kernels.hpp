#pragma once
/// The kernels of a decoder layer on the host's processors: what the families measure and the offload engine runs.
///
/// All in fp32, row-major, on all threads of the team; weights of products may be bf16 (the upper half of an fp32),
/// which are widened on the way. A weight matrix has a row per output (n rows of k), as published checkpoints do. KV is
/// paged: a block of `block` tokens holds, for one layer, keys then values, each [kv head][token][head element], so
/// that a head's keys of a block are contiguous. Written for clarity first: Eigen's products for matrices, loops that
/// the compiler vectorises for the rest. No allocation in steady state (scratch is kept per thread; Eigen packs
/// operands of large products into buffers of its own). Results are within 1e-5 of double precision, relative to the
/// largest. What is not worth the other threads runs on the calling one. Spans must have the shapes that are said;
/// nothing is checked.
#include <cstdint>
#include <span>

#include "calib/host/team.hpp"

namespace tiersim::calib {

using Bf16 = std::uint16_t;

/// c (m x n) = a (m x k) times b (n x k) transposed.
void product(Team& team, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c);
void product(Team& team, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const Bf16* b, float* c);

struct AttentionShape {
  std::int64_t query_heads = 0, kv_heads = 0, head_dim = 0;
  std::int64_t block = 16;  ///< tokens
  /// Elements of one layer's part of a block: keys and values.
  [[nodiscard]] std::int64_t block_elements() const { return 2 * kv_heads * head_dim * block; }
};

/// One sequence of a batch: its blocks (of one layer), how many tokens they hold, and its queries and outputs, each
/// [token][query head][head element].
struct PagedSequence {
  std::span<const float* const> blocks;
  std::int64_t context = 0;  ///< tokens held, the new ones included
  std::int64_t queries = 1;  ///< new tokens: the last `queries` of the context
  const float* query = nullptr;
  float* output = nullptr;
};

// Scores are scaled by 1 / sqrt(head_dim); query head h reads KV head h / (query_heads / kv_heads).
/// One new token per sequence over its whole context (flash decoding: split over heads and runs of blocks).
void decode_attention(Team& team, const AttentionShape& shape, std::span<const PagedSequence> batch);
/// Causal attention of the new tokens over the context before and among themselves.
void prefill_attention(Team& team, const AttentionShape& shape, std::span<const PagedSequence> batch);
/// Scatters keys and values of new tokens, each [token][kv head][head element], into the blocks from position `at` on.
void write_kv(Team& team, const AttentionShape& shape, std::span<float* const> blocks, std::int64_t at,
              std::int64_t tokens, const float* keys, const float* values);

/// x is tokens x width, in place or out of place as the arguments say. Epsilon of the norm is 1e-5.
void rms_norm(Team& team, std::int64_t tokens, std::int64_t width, const float* x, const float* gain, float* out);
/// Turns pairs (i, i + head_dim / 2) of each head by position times 10000^(-2 i / head_dim); x is
/// [token][head][element] and its tokens have consecutive positions.
void rotary(Team& team, std::int64_t tokens, std::int64_t heads, std::int64_t head_dim, std::int64_t first_position,
            float* x);
/// out = silu(gate) * up, where gate_up is tokens x (2 width): gate first, then up.
void silu_multiply(Team& team, std::int64_t tokens, std::int64_t width, const float* gate_up, float* out);
/// x += y
void add(Team& team, std::int64_t count, const float* y, float* x);
void softmax(Team& team, std::int64_t rows, std::int64_t width, float* x);

}  // namespace tiersim::calib
