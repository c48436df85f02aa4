// Matrix products: Eigen for many rows, our own loops for few, where nothing but the weights' stream counts. Threads
// take parts of the longer side of the result, so that what all of them read is the smaller operand.
#include <Eigen/Core>

#include <algorithm>

#include "calib/host/kernels.hpp"
#include "calib/host/parts.hpp"
#include "calib/host/thin_product.hpp"

namespace tiersim::calib {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using View = Eigen::Map<Matrix, Eigen::Unaligned, Eigen::OuterStride<>>;
using ConstView = Eigen::Map<const Matrix, Eigen::Unaligned, Eigen::OuterStride<>>;

constexpr std::int64_t kThinRows = 16;                       // beyond, packing the weights for Eigen's kernel pays
constexpr std::int64_t kGrain = 16;                          // rows or columns: a few registers of lanes
constexpr std::int64_t kPanelRows = 256, kPanelDepth = 512;  // half of a usual second-level cache

/// One thread's part of c: all operands narrowed to it.
struct Part {
  std::int64_t m, n, k;
  float* c;
  std::int64_t ldc;
};

Eigen::OuterStride<> stride(std::int64_t elements) { return Eigen::OuterStride<>(elements); }

void wide_product(const Part& part, const float* a, const float* b) {
  View(part.c, part.m, part.n, stride(part.ldc)).noalias() =
      ConstView(a, part.m, part.k, stride(part.k)) * ConstView(b, part.n, part.k, stride(part.k)).transpose();
}

/// Panels of the weights are widened into the second-level cache, then multiplied.
void wide_product(const Part& part, const float* a, const Bf16* b) {
  thread_local Scratch scratch;
  float* panel = scratch.floats(kPanelRows * kPanelDepth);
  View c(part.c, part.m, part.n, stride(part.ldc));
  c.setZero();
  for (std::int64_t first = 0; first < part.n; first += kPanelRows) {
    const std::int64_t rows = std::min(kPanelRows, part.n - first);
    for (std::int64_t at = 0; at < part.k; at += kPanelDepth) {
      const std::int64_t depth = std::min(kPanelDepth, part.k - at);
      for (std::int64_t row = 0; row < rows; ++row) {
        const Bf16* from = b + (first + row) * part.k + at;
        for (std::int64_t i = 0; i < depth; ++i) panel[row * depth + i] = widened(from[i]);
      }
      c.middleCols(first, rows).noalias() +=
          ConstView(a + at, part.m, depth, stride(part.k)) * ConstView(panel, rows, depth, stride(depth)).transpose();
    }
  }
}

template <class Weight>
void product_of(Team& team, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const Weight* b, float* c) {
  if (m > n) {
    in_parts(team, m, kGrain, [=](std::int64_t begin, std::int64_t end) {
      wide_product({end - begin, n, k, c + begin * n, n}, a + begin * k, b);
    });
    return;
  }
  in_parts(team, n, kGrain, [=](std::int64_t begin, std::int64_t end) {
    if (m <= kThinRows) {
      thin_product(m, end - begin, k, a, k, b + begin * k, k, c + begin, n);
    } else {
      wide_product({m, end - begin, k, c + begin, n}, a, b + begin * k);
    }
  });
}

}  // namespace

void product(Team& team, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c) {
  product_of(team, m, n, k, a, b, c);
}

void product(Team& team, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const Bf16* b, float* c) {
  product_of(team, m, n, k, a, b, c);
}

}  // namespace tiersim::calib
