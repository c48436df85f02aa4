#pragma once
/// The small kernels of a decoder layer: norm, rotary, activation, add, softmax. bf16 in memory, fp32 in between.
///
/// Launched by the family elementwise. m tokens (rows) of n elements, row-major, n a multiple of 8. norm and softmax
/// take a block a row; the others take a thread for 16 bytes, `items` in all. Written for clarity: a row is read twice,
/// the second time from a cache.
#include "calib/cuda/eight.cuh"

namespace tiersim::calib {

__device__ inline std::int64_t item_of_thread() {
  return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

constexpr float kNormEpsilon = 1e-5F;

/// out = x / rms(x) * gain
__global__ void norm(const __nv_bfloat16* x, const __nv_bfloat16* gain, __nv_bfloat16* out, int n) {
  const __nv_bfloat16* row = x + static_cast<std::int64_t>(blockIdx.x) * n;
  __nv_bfloat16* to = out + static_cast<std::int64_t>(blockIdx.x) * n;
  const int first = static_cast<int>(threadIdx.x) * 8, step = static_cast<int>(blockDim.x) * 8;
  float squares = 0;
  for (int i = first; i < n; i += step) {
    const Eight a = load8(row + i);
#pragma unroll
    for (int j = 0; j < 8; ++j) squares += a.v[j] * a.v[j];
  }
  const float scale = rsqrtf(block_reduce(squares, Sum{}) / static_cast<float>(n) + kNormEpsilon);
  for (int i = first; i < n; i += step) {
    Eight a = load8(row + i);
    const Eight g = load8(gain + i);
#pragma unroll
    for (int j = 0; j < 8; ++j) a.v[j] *= scale * g.v[j];
    store8(to + i, a);
  }
}

/// Turns the pairs (j, j + head / 2) of each head by the token's angles; `turns` holds for each token head / 2 cosines,
/// then head / 2 sines. In place.
__global__ void rotary(__nv_bfloat16* x, const float* turns, int n, int head, std::int64_t items) {
  const std::int64_t item = item_of_thread();
  if (item >= items) return;
  const int half = head / 2, of_head = half / 8;  // items of a head
  const int of_token = n / head * of_head;
  const std::int64_t token = item / of_token;
  const int in_token = static_cast<int>(item % of_token);
  const int j = in_token % of_head * 8;
  __nv_bfloat16* low = x + token * n + in_token / of_head * head + j;
  const float *cosines = turns + token * head + j, *sines = cosines + half;
  const Eight a = load8(low), b = load8(low + half);
  Eight c, d;
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    c.v[i] = a.v[i] * cosines[i] - b.v[i] * sines[i];
    d.v[i] = b.v[i] * cosines[i] + a.v[i] * sines[i];
  }
  store8(low, c);
  store8(low + half, d);
}

/// out = silu(gate) * up; a token's gate and up lie side by side.
__global__ void activation(const __nv_bfloat16* gate_up, __nv_bfloat16* out, int n, std::int64_t items) {
  const std::int64_t item = item_of_thread();
  if (item >= items) return;
  const std::int64_t token = item / (n / 8);
  const int i = static_cast<int>(item % (n / 8)) * 8;
  const __nv_bfloat16* gate = gate_up + token * 2 * n + i;
  Eight a = load8(gate);
  const Eight up = load8(gate + n);
#pragma unroll
  for (int j = 0; j < 8; ++j) a.v[j] = a.v[j] / (1.0F + __expf(-a.v[j])) * up.v[j];
  store8(out + token * n + i, a);
}

/// x += y
__global__ void add(const __nv_bfloat16* y, __nv_bfloat16* x, std::int64_t items) {
  const std::int64_t item = item_of_thread();
  if (item >= items) return;
  Eight a = load8(x + 8 * item);
  const Eight b = load8(y + 8 * item);
#pragma unroll
  for (int j = 0; j < 8; ++j) a.v[j] += b.v[j];
  store8(x + 8 * item, a);
}

/// Largest and sum in one pass (each thread rescales its sum where its largest grows), then the quotients.
__global__ void softmax(const __nv_bfloat16* x, __nv_bfloat16* out, int n) {
  const __nv_bfloat16* row = x + static_cast<std::int64_t>(blockIdx.x) * n;
  __nv_bfloat16* to = out + static_cast<std::int64_t>(blockIdx.x) * n;
  const int first = static_cast<int>(threadIdx.x) * 8, step = static_cast<int>(blockDim.x) * 8;
  float largest = Largest::kNone, sum = 0;
  for (int i = first; i < n; i += step) {
    const Eight a = load8(row + i);
    float grown = largest;
#pragma unroll
    for (int j = 0; j < 8; ++j) grown = fmaxf(grown, a.v[j]);
    sum *= __expf(largest - grown);
#pragma unroll
    for (int j = 0; j < 8; ++j) sum += __expf(a.v[j] - grown);
    largest = grown;
  }
  const float of_row = block_reduce(largest, Largest{});
  const float share = 1.0F / block_reduce(sum * __expf(largest - of_row), Sum{});
  for (int i = first; i < n; i += step) {
    Eight a = load8(row + i);
#pragma unroll
    for (int j = 0; j < 8; ++j) a.v[j] = __expf(a.v[j] - of_row) * share;
    store8(to + i, a);
  }
}

}  // namespace tiersim::calib
