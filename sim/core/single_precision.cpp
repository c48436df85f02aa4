#include "sim/core/single_precision.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <immintrin.h>

namespace tiersim {
namespace {

constexpr std::int64_t kRows = 6, kColumns = 16;  // of a tile: 12 registers of sums
constexpr std::int64_t kDepth = 1024;             // of a packed panel: 64 KB

/// A tile of sums, continued over `depth` more; b is packed, kColumns apart.
template <std::int64_t kTileRows>
void add_tile(const float* a, std::int64_t a_stride, const float* b, std::int64_t depth, float* c,
              std::int64_t c_stride) {
  __m256 sums[kTileRows][2];
  for (std::int64_t r = 0; r < kTileRows; ++r)
    for (int half = 0; half < 2; ++half) sums[r][half] = _mm256_loadu_ps(c + r * c_stride + 8 * half);
  for (std::int64_t k = 0; k < depth; ++k) {
    const __m256 left = _mm256_loadu_ps(b + k * kColumns), right = _mm256_loadu_ps(b + k * kColumns + 8);
    for (std::int64_t r = 0; r < kTileRows; ++r) {
      const __m256 x = _mm256_broadcast_ss(a + r * a_stride + k);
      sums[r][0] = _mm256_fmadd_ps(x, left, sums[r][0]);
      sums[r][1] = _mm256_fmadd_ps(x, right, sums[r][1]);
    }
  }
  for (std::int64_t r = 0; r < kTileRows; ++r)
    for (int half = 0; half < 2; ++half) _mm256_storeu_ps(c + r * c_stride + 8 * half, sums[r][half]);
}

/// All rows times one packed panel of kColumns columns.
void add_panel(ConstMatrix a, std::int64_t first, std::int64_t depth, const float* panel, float* c,
               std::int64_t c_stride) {
  std::int64_t row = 0;
  for (; row + kRows <= a.rows; row += kRows)
    add_tile<kRows>(a.data + row * a.stride + first, a.stride, panel, depth, c + row * c_stride, c_stride);
  for (; row < a.rows; ++row)
    add_tile<1>(a.data + row * a.stride + first, a.stride, panel, depth, c + row * c_stride, c_stride);
}

/// exp(x) for x <= 0: 2^n times a polynomial in what is left, |r| <= log(2) / 2. No branches, so that loops vectorise.
inline float exponential_below_zero(float x) {
  constexpr float kLog2E = 1.44269504F, kHigh = 0.693359375F, kLow = -2.12194440e-4F, kRound = 12582912.0F;
  const float clamped = std::max(x, -87.0F);
  const float n = (clamped * kLog2E + kRound) - kRound;
  const float r = (clamped - n * kHigh) - n * kLow;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  const float value = p * r * r + r + 1.0F;
  const auto bits = static_cast<std::int32_t>(n) << 23;
  return std::bit_cast<float>(std::bit_cast<std::int32_t>(value) + bits);
}

}  // namespace

void multiply(ConstMatrix a, ConstMatrix b, MutableMatrix c) {
  std::vector<float> panel(static_cast<std::size_t>(std::min(kDepth, a.columns) * kColumns));
  std::vector<float> edge(static_cast<std::size_t>(a.rows * kColumns));
  for (std::int64_t column = 0; column < b.columns; column += kColumns) {
    const std::int64_t width = std::min(kColumns, b.columns - column);
    const bool whole = width == kColumns;  // a narrower panel is summed up beside and copied
    float* sums = whole ? c.data + column : edge.data();
    const std::int64_t stride = whole ? c.stride : kColumns;
    for (std::int64_t r = 0; r < a.rows; ++r) std::fill_n(sums + r * stride, kColumns, 0.0F);
    for (std::int64_t first = 0; first < a.columns; first += kDepth) {
      const std::int64_t depth = std::min(kDepth, a.columns - first);
      for (std::int64_t k = 0; k < depth; ++k) {
        const float* from = b.data + (first + k) * b.stride + column;
        std::fill(std::copy_n(from, width, panel.data() + k * kColumns), panel.data() + (k + 1) * kColumns, 0.0F);
      }
      add_panel(a, first, depth, panel.data(), sums, stride);
    }
    for (std::int64_t r = 0; r < a.rows && !whole; ++r)
      std::copy_n(sums + r * stride, width, c.data + r * c.stride + column);
  }
}

std::vector<float> weighted_sum(std::span<const float> weights, std::span<const std::uint32_t> rows,
                                ConstMatrix matrix) {
  constexpr std::int64_t kWide = 64;  // columns at a time: eight registers of sums
  std::vector<float> out(static_cast<std::size_t>(matrix.columns));
  std::int64_t column = 0;
  for (; column + kWide <= matrix.columns; column += kWide) {
    __m256 sums[kWide / 8] = {};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const float* row = matrix.data + rows[i] * matrix.stride + column;
      const __m256 weight = _mm256_broadcast_ss(&weights[i]);
      for (std::int64_t j = 0; j < kWide / 8; ++j)
        sums[j] = _mm256_fmadd_ps(weight, _mm256_loadu_ps(row + 8 * j), sums[j]);
    }
    for (std::int64_t j = 0; j < kWide / 8; ++j) _mm256_storeu_ps(out.data() + column + 8 * j, sums[j]);
  }
  for (; column < matrix.columns; ++column)
    for (std::size_t i = 0; i < rows.size(); ++i) {
      float& sum = out[static_cast<std::size_t>(column)];
      sum = std::fma(weights[i], matrix.data[rows[i] * matrix.stride + column], sum);
    }
  return out;
}

std::vector<float> transposed(ConstMatrix a) {
  constexpr std::int64_t kTile = 32;
  std::vector<float> out(static_cast<std::size_t>(a.rows * a.columns));
  for (std::int64_t r0 = 0; r0 < a.rows; r0 += kTile)
    for (std::int64_t c0 = 0; c0 < a.columns; c0 += kTile)
      for (std::int64_t r = r0; r < std::min(a.rows, r0 + kTile); ++r)
        for (std::int64_t c = c0; c < std::min(a.columns, c0 + kTile); ++c)
          out[static_cast<std::size_t>(c * a.rows + r)] = a.data[r * a.stride + c];
  return out;
}

float sum_of(std::span<const float> x) {
  constexpr std::size_t kChunk = 256;  // sums of chunks are added up in double precision
  double total = 0;
  while (!x.empty()) {
    const auto chunk = x.first(std::min(kChunk, x.size()));
    float parts[8] = {};
    std::size_t i = 0;
    for (; i + 8 <= chunk.size(); i += 8)
      for (std::size_t lane = 0; lane < 8; ++lane) parts[lane] += chunk[i + lane];
    for (std::size_t lane = 0; i < chunk.size(); ++i, ++lane) parts[lane] += chunk[i];
    for (const float part : parts) total += static_cast<double>(part);
    x = x.subspan(chunk.size());
  }
  return static_cast<float>(total);
}

void softmax(std::span<float> x, float scale) {
  float most = x[0];
  for (const float value : x) most = std::max(most, value);
  for (float& value : x) value = exponential_below_zero((value - most) * scale);
  const float one_over = 1.0F / sum_of(x);
  for (float& value : x) value *= one_over;
}

}  // namespace tiersim
