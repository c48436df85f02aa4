#pragma once
/// Products with few rows, on one thread: matrix times vector, and the two products of decode attention.
///
/// Used by the kernels of this folder alone. Matrices are row-major with a row stride (ld, in elements). The weights or
/// keys or values are the large operand and are read once, four rows at a time; the few rows stay in the first-level
/// cache. Plain loops with constant tile sizes, which the compiler keeps in registers and vectorises: within a factor
/// of two of the processor's peak, and so bound by memory for up to a dozen rows.
#include <bit>
#include <cstdint>

namespace tiersim::calib {

inline float widened(float x) { return x; }
inline float widened(std::uint16_t x) { return std::bit_cast<float>(std::uint32_t{x} << 16); }

/// One tile of c = a b^T: Rows rows of a (length k) against Columns rows of b.
template <int Rows, int Columns, class Weight>
void dot_tile(std::int64_t k, const float* a, std::int64_t lda, const Weight* b, std::int64_t ldb, float* c,
              std::int64_t ldc) {
  float sums[Rows][Columns] = {};
  for (std::int64_t i = 0; i < k; ++i) {
    for (int row = 0; row < Rows; ++row) {
      for (int column = 0; column < Columns; ++column) {
        sums[row][column] += a[row * lda + i] * widened(b[column * ldb + i]);
      }
    }
  }
  for (int row = 0; row < Rows; ++row) {
    for (int column = 0; column < Columns; ++column) c[row * ldc + column] = sums[row][column];
  }
}

/// Columns of c from the same rows of b, for all m rows of a.
template <int Columns, class Weight>
void dot_columns(std::int64_t m, std::int64_t k, const float* a, std::int64_t lda, const Weight* b, std::int64_t ldb,
                 float* c, std::int64_t ldc) {
  std::int64_t row = 0;
  for (; row + 2 <= m; row += 2) dot_tile<2, Columns>(k, a + row * lda, lda, b, ldb, c + row * ldc, ldc);
  if (row < m) dot_tile<1, Columns>(k, a + row * lda, lda, b, ldb, c + row * ldc, ldc);
}

/// c (m x n) = a (m x k) times b (n x k) transposed.
template <class Weight>
void thin_product(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda, const Weight* b,
                  std::int64_t ldb, float* c, std::int64_t ldc) {
  std::int64_t column = 0;
  for (; column + 4 <= n; column += 4) dot_columns<4>(m, k, a, lda, b + column * ldb, ldb, c + column, ldc);
  for (; column < n; ++column) dot_columns<1>(m, k, a, lda, b + column * ldb, ldb, c + column, ldc);
}

/// One tile of c += a b: Rows rows of a and of c against Depth rows of b (length n).
template <int Rows, int Depth>
void sum_tile(std::int64_t n, const float* a, std::int64_t lda, const float* __restrict b, std::int64_t ldb,
              float* __restrict c, std::int64_t ldc) {
  float factors[Rows][Depth];
  for (int row = 0; row < Rows; ++row) {
    for (int depth = 0; depth < Depth; ++depth) factors[row][depth] = a[row * lda + depth];
  }
  for (std::int64_t i = 0; i < n; ++i) {
    for (int row = 0; row < Rows; ++row) {
      float sum = c[row * ldc + i];
      for (int depth = 0; depth < Depth; ++depth) sum += factors[row][depth] * b[depth * ldb + i];
      c[row * ldc + i] = sum;
    }
  }
}

template <int Depth>
void sum_depth(std::int64_t m, std::int64_t n, const float* a, std::int64_t lda, const float* b, std::int64_t ldb,
               float* c, std::int64_t ldc) {
  std::int64_t row = 0;
  for (; row + 2 <= m; row += 2) sum_tile<2, Depth>(n, a + row * lda, lda, b, ldb, c + row * ldc, ldc);
  if (row < m) sum_tile<1, Depth>(n, a + row * lda, lda, b, ldb, c + row * ldc, ldc);
}

/// c (m x n) += a (m x k) times b (k x n).
inline void thin_sum(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda, const float* b,
                     std::int64_t ldb, float* c, std::int64_t ldc) {
  std::int64_t depth = 0;
  for (; depth + 4 <= k; depth += 4) sum_depth<4>(m, n, a + depth, lda, b + depth * ldb, ldb, c, ldc);
  for (; depth < k; ++depth) sum_depth<1>(m, n, a + depth, lda, b + depth * ldb, ldb, c, ldc);
}

}  // namespace tiersim::calib
