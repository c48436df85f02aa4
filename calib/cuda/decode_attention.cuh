#pragma once
/// Decode attention over a paged KV cache: one new token per sequence, split over its context, then put together.
///
/// A thread block takes one split of one kv head; each of its warps streams every fourth tile of 16 tokens through a
/// ring of its own in shared memory (three tiles of keys and values, 16 bytes per lane and copy), so that warps never
/// wait for each other; the query heads that share the kv head are the rows of one tensor-core tile, so keys and values
/// are read once. The block ids of the next tile are fetched one tile early. Slots past a context may hold anything
/// finite. At most 16 query heads per kv head.
#include <cstdint>

#include "calib/cuda/flash.cuh"
#include "calib/cuda/kit.cuh"
#include "calib/cuda/paging.hpp"
#include "calib/cuda/split_plan.hpp"

namespace tiersim::calib {

struct DecodeArguments {
  PagedBatch batch;
  const ContextSplit* splits = nullptr;
  const int* first_partial = nullptr;
  float* partial_out = nullptr;  ///< [partial][query head][head element], each divided by its own sum
  float* partial_log = nullptr;  ///< [partial][query head]: log2 of that sum, maximum included
};

inline constexpr int decode_warps = 4, decode_stages = 3, most_rows = 16;

template <int Dim>
struct DecodeShared {
  struct Stage {
    flash::Tile<Dim> keys, values;
  };
  struct Rows {  // of one warp, for putting the warps together
    float out[most_rows][Dim], most[most_rows], sum[most_rows];
  };
  union {
    Stage ring[decode_warps][decode_stages];
    Rows rows[decode_warps];
  };
};

/// One warp over its tiles of a split.
template <int Dim>
__device__ inline void stream_tiles(const DecodeArguments& a, const BatchSequence& sequence, const ContextSplit& split,
                                    int kv_head, typename DecodeShared<Dim>::Stage* ring,
                                    const flash::Queries<Dim>& queries, flash::Gathered<Dim>& gathered) {
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int tiles = (split.last - split.first + flash::tile_tokens - 1) / flash::tile_tokens;
  const int block_bits = __ffs(a.batch.shape.block) - 1;  // a power of two: no divisions on the way
  const auto token_of = [&](int tile) { return split.first + tile * flash::tile_tokens; };
  const auto block_of = [&](int tile) {
    return tile < tiles ? a.batch.table[sequence.table + (token_of(tile) >> block_bits)] : 0;
  };
  int next_block = block_of(warp), next_stage = 0;
  const auto start = [&](int tile) {
    const int block = next_block, slot = token_of(tile) & (a.batch.shape.block - 1);
    next_block = block_of(tile + decode_warps);
    if (tile < tiles) {
      auto& stage = ring[next_stage];
      flash::start_copy<Dim, 32>(stage.keys, a.batch.pool + a.batch.shape.at(block, 0, kv_head, slot), lane);
      flash::start_copy<Dim, 32>(stage.values, a.batch.pool + a.batch.shape.at(block, 1, kv_head, slot), lane);
    }
    flash::commit();
    next_stage = next_stage + 1 == decode_stages ? 0 : next_stage + 1;
  };
#pragma unroll
  for (int i = 0; i < decode_stages - 1; ++i) start(warp + i * decode_warps);
  int stage = 0;
  for (int tile = warp; tile < tiles; tile += decode_warps) {
    flash::await<decode_stages - 2>();
    __syncwarp();  // all lanes' copies are there, and all have done with the stage that is filled next
    start(tile + (decode_stages - 1) * decode_warps);
    flash::Scores<1> scores;
    flash::score<Dim, 1>(scores, queries, &ring[stage].keys, lane);
    const int left = split.last - token_of(tile);
    if (left < flash::tile_tokens) {
#pragma unroll
      for (int i = 0; i < 8; ++i) {
        if ((i / 4) * 8 + (lane % 4) * 2 + i % 2 >= left) scores[i / 4][i % 4] = flash::minus_infinity;
      }
    }
    gathered.template weigh<1>(scores, a.batch.scale);
    gathered.template add<1>(scores, &ring[stage].values, lane);
    stage = stage + 1 == decode_stages ? 0 : stage + 1;
  }
  flash::await<0>();
}

/// Rows of a warp into shared memory, where the warps are put together.
template <int Dim>
__device__ inline void lay_down(typename DecodeShared<Dim>::Rows& rows, const flash::Gathered<Dim>& gathered) {
  const int lane = threadIdx.x % 32;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int row = lane / 4 + 8 * half;
#pragma unroll
    for (int d = 0; d < Dim / 8; ++d) {
      rows.out[row][d * 8 + (lane % 4) * 2] = gathered.out[d][2 * half];
      rows.out[row][d * 8 + (lane % 4) * 2 + 1] = gathered.out[d][2 * half + 1];
    }
    if (lane % 4 == 0) rows.most[row] = gathered.most[half], rows.sum[row] = gathered.sum[half];
  }
}

/// The warps' rows together: the output of a sequence in one piece, or a partial result.
template <int Dim>
__device__ inline void put_together(const DecodeArguments& a, const ContextSplit& split, int kv_head,
                                    const typename DecodeShared<Dim>::Rows* rows) {
  for (int i = threadIdx.x; i < a.batch.shape.group() * Dim; i += blockDim.x) {
    const int row = i / Dim, element = i % Dim, head = kv_head * a.batch.shape.group() + row;
    float most = flash::minus_infinity, sum = 0, out = 0;
    for (int w = 0; w < decode_warps; ++w) most = fmaxf(most, rows[w].most[row]);
    for (int w = 0; w < decode_warps; ++w) {
      const float weight = exp2f(rows[w].most[row] - most);  // 0 for a warp without tiles
      sum += rows[w].sum[row] * weight, out += rows[w].out[row][element] * weight;
    }
    if (split.partial < 0) {
      a.batch.outputs[a.batch.shape.query_at(a.batch.sequences[split.sequence].first_query, head) + element] =
          __float2bfloat16(out / sum);
    } else {
      const std::int64_t at = static_cast<std::int64_t>(split.partial) * a.batch.shape.query_heads + head;
      a.partial_out[at * Dim + element] = out / sum;
      if (element == 0) a.partial_log[at] = most + log2f(sum);
    }
  }
}

/// Grid: splits x kv heads.
template <int Dim>
__global__ void __launch_bounds__(32 * decode_warps) decode_splits(const __grid_constant__ DecodeArguments a) {
  extern __shared__ uint4 memory[];
  auto& shared = *reinterpret_cast<DecodeShared<Dim>*>(memory);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, kv_head = blockIdx.y;
  const ContextSplit split = a.splits[blockIdx.x];
  const BatchSequence sequence = a.batch.sequences[split.sequence];
  const auto row_of = [&](int row) {
    const __nv_bfloat16* query =
        a.batch.queries + a.batch.shape.query_at(sequence.first_query, kv_head * a.batch.shape.group() + row);
    return row < a.batch.shape.group() ? query : nullptr;
  };
  flash::Queries<Dim> queries;
  queries.load(row_of(lane / 4), row_of(lane / 4 + 8), lane);
  flash::Gathered<Dim> gathered;
  gathered.clear();
  stream_tiles<Dim>(a, sequence, split, kv_head, shared.ring[warp], queries, gathered);
  gathered.finish();
  __syncthreads();  // the rings are done with: the same memory takes the rows
  lay_down<Dim>(shared.rows[warp], gathered);
  __syncthreads();
  put_together<Dim>(a, split, kv_head, shared.rows);
}

/// Grid: sequences x query heads; Dim threads. Sequences in one piece have nothing to be put together.
template <int Dim>
__global__ void __launch_bounds__(Dim) decode_combine(const __grid_constant__ DecodeArguments a) {
  const int sequence = blockIdx.x, head = blockIdx.y, element = threadIdx.x;
  const int first = a.first_partial[sequence], last = a.first_partial[sequence + 1];
  if (first == last) return;
  const auto at = [&](int partial) { return static_cast<std::int64_t>(partial) * a.batch.shape.query_heads + head; };
  float most = flash::minus_infinity;
  for (int p = first; p < last; ++p) most = fmaxf(most, a.partial_log[at(p)]);
  float sum = 0, out = 0;
  for (int p = first; p < last; ++p) {
    const float weight = exp2f(a.partial_log[at(p)] - most);
    sum += weight, out += weight * a.partial_out[at(p) * Dim + element];
  }
  a.batch.outputs[a.batch.shape.query_at(a.batch.sequences[sequence].first_query, head) + element] =
      __float2bfloat16(out / sum);
}

/// Thread blocks of decode_splits that the device holds at once. To be called before the first launch.
template <int Dim>
int decode_places(int multiprocessors) {
  CUDA_CHECK(cudaFuncSetAttribute(decode_splits<Dim>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                  static_cast<int>(sizeof(DecodeShared<Dim>))));
  int each = 0;
  CUDA_CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&each, decode_splits<Dim>, 32 * decode_warps,
                                                           sizeof(DecodeShared<Dim>)));
  return multiprocessors * (each > 0 ? each : 1);
}

template <int Dim>
void launch_decode(cudaStream_t stream, const DecodeArguments& arguments, std::size_t splits, std::size_t sequences,
                   int partials) {
  const PagedShape& shape = arguments.batch.shape;
  const dim3 grid(static_cast<unsigned>(splits), static_cast<unsigned>(shape.kv_heads));
  decode_splits<Dim><<<grid, 32 * decode_warps, sizeof(DecodeShared<Dim>), stream>>>(arguments);
  if (partials == 0) return;
  const dim3 rows(static_cast<unsigned>(sequences), static_cast<unsigned>(shape.query_heads));
  decode_combine<Dim><<<rows, Dim, 0, stream>>>(arguments);
}

}  // namespace tiersim::calib
