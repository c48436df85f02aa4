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

constexpr std::int64_t kThinRows = 8;             // up to here Eigen's packing of the weights costs more than it gains
constexpr std::int64_t kGrain = 16;               // rows or columns: a few registers of lanes
constexpr std::int64_t kPanelElements = 1 << 17;  // of widened weights: half of a usual second-level cache

/// One thread's part of c: all operands narrowed to it.
struct Part {
  std::int64_t m, n, k;
  float* c;
  std::int64_t ldc;
};

void wide_product(const Part& part, const float* a, const float* b) {
  View c(part.c, part.m, part.n, Eigen::OuterStride<>(part.ldc));
  c.noalias() = ConstView(a, part.m, part.k, Eigen::OuterStride<>(part.k)) *
                ConstView(b, part.n, part.k, Eigen::OuterStride<>(part.k)).transpose();
}

/// Panels of the weights are widened into the second-level cache, then multiplied.
void wide_product(const Part& part, const float* a, const Bf16* b) {
  thread_local Scratch scratch;
  const std::int64_t rows = std::max(kGrain, kPanelElements / part.k / kGrain * kGrain);
  float* panel = scratch.floats(std::min(rows, part.n) * part.k);
  for (std::int64_t first = 0; first < part.n; first += rows) {
    const std::int64_t count = std::min(rows, part.n - first);
    const Bf16* from = b + first * part.k;
    for (std::int64_t i = 0; i < count * part.k; ++i) panel[i] = widened(from[i]);
    wide_product({part.m, count, part.k, part.c + first, part.ldc}, a, panel);
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
