#pragma once
/// Causal attention of chunks of new tokens over a paged KV cache (their own keys and values are in it already).
///
/// A thread block takes 128 rows of one kv head of one sequence: the query heads that share the kv head are rows side
/// by side (row = token x group + head within the group), so that keys and values are read once for all of them. Its
/// eight warps have 16 rows each and share tiles of 64 tokens, the next of which arrives while one is worked on. Rows
/// with the longest way come first. Written to be read: mma.sync reaches somewhat over half of what wgmma would.
#include <cstdint>

#include "calib/cuda/flash.cuh"
#include "calib/cuda/kit.cuh"
#include "calib/cuda/paging.hpp"
#include "calib/cuda/prefill_plan.hpp"

namespace tiersim::calib {

inline constexpr int prefill_warps = prefill_rows / 16, prefill_tiles = 4;
inline constexpr int prefill_tokens = prefill_tiles * flash::tile_tokens;

struct PrefillArguments {
  PagedBatch batch;
  const PrefillPiece* pieces = nullptr;
};

template <int Dim>
struct PrefillShared {
  struct Stage {
    flash::Tile<Dim> keys[prefill_tiles], values[prefill_tiles];
  };
  Stage ring[2];
};

/// All threads: 64 tokens from `first` on. What lies past the context repeats its last block and is masked later.
template <int Dim>
__device__ inline void start_step(const PrefillArguments& a, const BatchSequence& sequence, int kv_head, int first,
                                  typename PrefillShared<Dim>::Stage& stage) {
  const int last_block = (sequence.context - 1) / a.batch.shape.block;
#pragma unroll
  for (int t = 0; t < prefill_tiles; ++t) {
    const int token = first + t * flash::tile_tokens;
    const int block = a.batch.table[sequence.table + min(token / a.batch.shape.block, last_block)],
              slot = token % a.batch.shape.block;
    flash::start_copy<Dim, 32 * prefill_warps>(stage.keys[t], a.batch.pool + a.batch.shape.at(block, 0, kv_head, slot),
                                               threadIdx.x);
    flash::start_copy<Dim, 32 * prefill_warps>(stage.values[t],
                                               a.batch.pool + a.batch.shape.at(block, 1, kv_head, slot), threadIdx.x);
  }
  flash::commit();
}

/// Scores of tokens behind the row's own become minus infinity. `own`: the positions of this lane's two rows.
__device__ inline void mask_future(flash::Scores<prefill_tiles>& scores, int first, const int (&own)[2], int lane) {
#pragma unroll
  for (int n = 0; n < 2 * prefill_tiles; ++n) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (first + n * 8 + (lane % 4) * 2 + i % 2 > own[i / 2]) scores[n][i] = flash::minus_infinity;
    }
  }
}

template <int Dim>
__device__ inline void write_rows(__nv_bfloat16* row, const flash::Gathered<Dim>& gathered, int half, int lane) {
  const float share = 1 / gathered.sum[half];
#pragma unroll
  for (int d = 0; d < Dim / 8; ++d) {
    *reinterpret_cast<std::uint32_t*>(row + d * 8 + (lane % 4) * 2) =
        flash::pack(gathered.out[d][2 * half] * share, gathered.out[d][2 * half + 1] * share);
  }
}

/// Grid: pieces x kv heads.
template <int Dim>
__global__ void __launch_bounds__(32 * prefill_warps) prefill_pieces(const __grid_constant__ PrefillArguments a) {
  extern __shared__ uint4 memory[];
  auto& shared = *reinterpret_cast<PrefillShared<Dim>*>(memory);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, kv_head = blockIdx.y, group = a.batch.shape.group();
  const PrefillPiece piece = a.pieces[blockIdx.x];
  const BatchSequence sequence = a.batch.sequences[piece.sequence];
  const int before = sequence.context - sequence.queries, rows = sequence.queries * group;
  const int mine = piece.first_row + warp * 16 + lane / 4;  // and mine + 8
  const auto offset_of = [&](int row) {
    return a.batch.shape.query_at(sequence.first_query + row / group, kv_head * group + row % group);
  };
  const auto position_of = [&](int row) { return before + min(row, rows - 1) / group; };

  flash::Queries<Dim> queries;
  queries.load(mine < rows ? a.batch.queries + offset_of(mine) : nullptr,
               mine + 8 < rows ? a.batch.queries + offset_of(mine + 8) : nullptr, lane);
  flash::Gathered<Dim> gathered;
  gathered.clear();
  const int own[2] = {position_of(mine), position_of(mine + 8)};
  const int first_own = position_of(piece.first_row + warp * 16),
            last_own = position_of(piece.first_row + warp * 16 + 15);
  const int steps = position_of(piece.first_row + prefill_rows - 1) / prefill_tokens + 1;

  start_step<Dim>(a, sequence, kv_head, 0, shared.ring[0]);
  for (int step = 0; step < steps; ++step) {
    const int first = step * prefill_tokens;
    flash::await<0>();
    __syncthreads();  // this step's tiles are there, and all have done with the last one's
    if (step + 1 < steps) start_step<Dim>(a, sequence, kv_head, first + prefill_tokens, shared.ring[(step + 1) % 2]);
    if (first > last_own) continue;
    flash::Scores<prefill_tiles> scores;
    flash::score<Dim, prefill_tiles>(scores, queries, shared.ring[step % 2].keys, lane);
    if (first + prefill_tokens - 1 > first_own) mask_future(scores, first, own, lane);
    gathered.template weigh<prefill_tiles>(scores, a.batch.scale);
    gathered.template add<prefill_tiles>(scores, shared.ring[step % 2].values, lane);
  }
  gathered.finish();
  if (mine < rows) write_rows<Dim>(a.batch.outputs + offset_of(mine), gathered, 0, lane);
  if (mine + 8 < rows) write_rows<Dim>(a.batch.outputs + offset_of(mine + 8), gathered, 1, lane);
}

/// To be called before the first launch.
template <int Dim>
void prepare_prefill() {
  CUDA_CHECK(cudaFuncSetAttribute(prefill_pieces<Dim>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                  static_cast<int>(sizeof(PrefillShared<Dim>))));
}

template <int Dim>
void launch_prefill(cudaStream_t stream, const PrefillArguments& arguments, std::size_t pieces) {
  const dim3 grid(static_cast<unsigned>(pieces), static_cast<unsigned>(arguments.batch.shape.kv_heads));
  prefill_pieces<Dim><<<grid, 32 * prefill_warps, sizeof(PrefillShared<Dim>), stream>>>(arguments);
}

}  // namespace tiersim::calib
