#pragma once
/// What attention moves between HBM and on-chip memory.
///
/// Exact attention of N queries and keys in heads of d moves N^2 d^2 / M elements, to a constant, where M >= d^2
/// elements fit on chip, and N^2 d / sqrt(M) where fewer do; no schedule moves less (Saha and Ye, "The I/O Complexity
/// of Attention", 2024). The first is FlashAttention: a tile of queries stays on chip with its outputs, keys and values
/// stream past it (Dao et al., 2022; Dao, 2023). The second keeps square blocks of a plain matrix product and writes
/// the scores.
///
/// On a GPU the tiles of one wave, one on each multiprocessor, stream past the same keys and values together: HBM is
/// read once a wave, and only what L2 does not keep from the wave before. Called by the cost model for prefill
/// attention without a law. O(1), no state. Left out: causality within a wave, waves that drift apart.
#include "hw/gpu_spec.hpp"
#include "sim/core/units.hpp"
#include "sim/cost/operators.hpp"

namespace tiersim {

/// One head: so many queries, keys (and values) of so many elements each.
struct HeadShape {
  double queries = 0, keys = 0, head_dim = 0;
};

/// Queries in a tile: memory for as many elements holds equal tiles of Q, K, V and O.
[[nodiscard]] double tile_rows(double on_chip_elements, double head_dim);
/// Elements read and written by FlashAttention.
[[nodiscard]] double tiled_attention_elements(const HeadShape& head, double on_chip_elements);
/// Elements read and written by two blocked products over scores in HBM; at least 3 elements must fit.
[[nodiscard]] double blocked_attention_elements(const HeadShape& head, double on_chip_elements);
/// The lesser of both.
[[nodiscard]] double attention_elements(const HeadShape& head, double on_chip_elements);

/// Bytes of keys and values that a prefill attention reads from HBM beyond the first time: (1 - h) (R - 1) of
/// op.kv_bytes with R waves of tiles a head and sequence, and h what 0.7 of L2 holds of a head's keys and values.
/// `element_bytes`: of queries on chip. 0 where the device does not state its shared memory.
[[nodiscard]] double kv_bytes_read_again(const Operator& op, const hw::GpuSpec& gpu, double element_bytes);

}  // namespace tiersim
