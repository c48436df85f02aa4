#pragma once
/// Attention of single rows, plainly and in double precision: what the fast kernels are held against.
///
/// Two kernels: all scores of the sampled rows, then their softmax and weighted sum. Reads the same pool by the same
/// page table, one thread per score and per output element.
#include <vector>

#include "calib/cuda/flash.cuh"
#include "calib/cuda/kit.cuh"

namespace tiersim::calib {

/// New token `query` (0: the first) of a sequence, one query head.
struct SampledRow {
  int sequence = 0, query = 0, head = 0;
};

__device__ inline int visible_tokens(const BatchSequence& sequence, const SampledRow& row) {
  return sequence.context - sequence.queries + row.query + 1;
}

__device__ inline const __nv_bfloat16* paged_row(const PagedBatch& b, const BatchSequence& s, int part, int kv_head,
                                                 int token) {
  return b.pool + b.shape.at(b.table[s.table + token / b.shape.block], part, kv_head, token % b.shape.block);
}

/// Grid: tokens / 256 x rows.
__global__ void reference_scores(PagedBatch b, const SampledRow* rows, double* scores, std::int64_t stride) {
  const SampledRow row = rows[blockIdx.y];
  const BatchSequence sequence = b.sequences[row.sequence];
  const int token = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (token >= visible_tokens(sequence, row)) return;
  const __nv_bfloat16* query = b.queries + b.shape.query_at(sequence.first_query + row.query, row.head);
  const __nv_bfloat16* key = paged_row(b, sequence, 0, row.head / b.shape.group(), token);
  double sum = 0;
  for (int i = 0; i < b.shape.head_dim; ++i) {
    sum += static_cast<double>(__bfloat162float(query[i])) * static_cast<double>(__bfloat162float(key[i]));
  }
  scores[blockIdx.y * stride + token] = sum / sqrt(static_cast<double>(b.shape.head_dim));
}

inline constexpr int reference_threads = 1024;

/// Grid: rows. Threads x and x + head_dim, x + 2 head_dim, ... share an element, each with its own tokens.
__global__ void __launch_bounds__(reference_threads)
    reference_outputs(PagedBatch b, const SampledRow* rows, const double* scores, std::int64_t stride, double* out) {
  __shared__ double mine[2][reference_threads];
  const SampledRow row = rows[blockIdx.x];
  const BatchSequence sequence = b.sequences[row.sequence];
  const double* score = scores + blockIdx.x * stride;
  const int tokens = visible_tokens(sequence, row), dim = b.shape.head_dim, thread = static_cast<int>(threadIdx.x);
  const int slices = reference_threads / dim, element = thread % dim;
  double most = score[0], sum = 0, weighted = 0;
  for (int t = thread; t < tokens; t += reference_threads) most = max(most, score[t]);
  mine[0][thread] = most;
  __syncthreads();
  for (int i = 0; i < reference_threads; ++i) most = max(most, mine[0][i]);
  __syncthreads();
  for (int t = thread / dim; t < tokens; t += slices) {
    const double weight = exp(score[t] - most);
    const __nv_bfloat16* value = paged_row(b, sequence, 1, row.head / b.shape.group(), t);
    sum += weight;
    weighted += weight * static_cast<double>(__bfloat162float(value[element]));
  }
  mine[0][thread] = sum, mine[1][thread] = weighted;
  __syncthreads();
  if (thread >= dim) return;
  for (int slice = 1; slice < slices; ++slice) {
    sum += mine[0][slice * dim + element], weighted += mine[1][slice * dim + element];
  }
  out[blockIdx.x * dim + element] = weighted / sum;
}

/// Error of the batch's outputs at these rows. `longest`: the largest context of the batch.
inline ErrorNorm compare_rows(const PagedBatch& batch, const DeviceBuffer<__nv_bfloat16>& outputs,
                              const std::vector<BatchSequence>& sequences, const std::vector<SampledRow>& rows,
                              int longest) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const int dim = batch.shape.head_dim;
  const DeviceBuffer<SampledRow> sampled(rows);
  const DeviceBuffer<double> scores(count * longest), reference(count * dim);
  const auto grid_rows = static_cast<unsigned>(count);
  reference_scores<<<dim3(static_cast<unsigned>(longest + 255) / 256, grid_rows), 256>>>(batch, sampled.data(),
                                                                                         scores.data(), longest);
  check_launch();
  reference_outputs<<<grid_rows, reference_threads>>>(batch, sampled.data(), scores.data(), longest, reference.data());
  check_launch();
  const std::vector<double> expected = reference.read();
  ErrorNorm error;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t token = sequences[static_cast<std::size_t>(rows[i].sequence)].first_query + rows[i].query;
    const auto got = outputs.read(batch.shape.query_at(token, rows[i].head), dim);
    for (std::size_t d = 0; d < got.size(); ++d) error.add(as_double(got[d]), expected[i * got.size() + d]);
  }
  return error;
}

}  // namespace tiersim::calib
