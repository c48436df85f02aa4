#pragma once
/// The building blocks of operators.cpp and operators_attention.cpp: one kernel of a kind, counted.
///
/// Sizes are of one rank and one repeat. O(1), no state.
#include <cstdint>

#include "sim/cost/operators.hpp"

namespace tiersim::detail {

/// Bytes per element of a product's two sides.
struct ProductBytes {
  double weights = 2, activations = 2;
};

/// The kernel that serves a product of so many rows.
inline const char* product_of(std::int64_t rows) {
  constexpr std::int64_t kThin = 16;
  if (rows == 1) return kernel::kGemv;
  return rows <= kThin ? kernel::kThin : kernel::kGemm;
}

/// C (m x n) = A (m x k) B (k x n): weights once, activations in and out.
inline Operator product(const char* name, std::int64_t m, std::int64_t n, std::int64_t k, ProductBytes bytes,
                        std::int64_t repeats) {
  const double md = static_cast<double>(m), nd = static_cast<double>(n), kd = static_cast<double>(k);
  return {.name = name,
          .kernel = product_of(m),
          .kind = OperatorKind::gemm,
          .flops = Flops(2 * md * nd * kd),
          .bytes = bytes.weights * nd * kd + bytes.activations * md * (nd + kd),
          .repeats = repeats,
          .m = m,
          .n = n,
          .k = k};
}

inline Operator elementwise(const char* name, const char* kernel, double bytes, double flops, std::int64_t repeats) {
  return {.name = name,
          .kernel = kernel,
          .kind = OperatorKind::elementwise,
          .flops = Flops(flops),
          .bytes = bytes,
          .repeats = repeats};
}

}  // namespace tiersim::detail
