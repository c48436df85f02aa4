#pragma once
/// The building blocks of operators.cpp and operators_attention.cpp, and of importers: one kernel of a kind, counted.
///
/// Sizes are of one rank and one repeat. O(1), no state.
#include <cmath>
#include <cstdint>

#include "sim/cost/expert_load.hpp"
#include "sim/cost/operators.hpp"

namespace tiersim::detail {

/// Elements of the widest head that the usual attention kernels do; wider ones have kernels of their own.
inline constexpr std::int64_t kWidestHead = 256;

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

struct RoutedExperts {
  std::int64_t tokens = 0, active = 0;  ///< of all ranks; experts that each takes
  std::int64_t ranks = 1;               ///< among which the experts are divided
  std::int64_t hidden = 0, width = 0;   ///< width: of an expert on this rank
  bool gated = true;
  ProductBytes bytes;
};

/// Routing, products, activation and sum in one: the weights of touched experts once; of every row, those of other
/// ranks' experts too, hidden states in, out and summed, what leaves the first product, and what enters the second.
inline Operator fused_experts(const RoutedExperts& e, const ExpertLoad& load, std::int64_t repeats) {
  const double hidden = static_cast<double>(e.hidden), width = static_cast<double>(e.width);
  const double tokens = static_cast<double>(e.tokens), rows = tokens * static_cast<double>(e.active);
  const double matrices = e.gated ? 3 : 2, parameters = matrices * hidden * width;
  const double weights = e.bytes.weights * load.experts * parameters;
  const double elements = rows * (3 * hidden + 2 * matrices * width) + tokens * hidden;
  return {.name = "experts",
          .kernel = e.ranks > 1 ? kernel::kFusedExpertRanks : kernel::kFusedExperts,
          .kind = OperatorKind::gemm,
          .flops = Flops(2 * load.rows * parameters),
          .bytes = weights + e.bytes.activations * elements,
          .repeats = repeats,
          .m = std::llround(load.rows),
          .n = e.width,
          .k = e.hidden,
          .experts = load.experts,
          .rows_per_expert = load.rows / load.experts,
          .tiles_per_expert = load.tiles / load.experts,
          .weight_bytes = weights};
}

}  // namespace tiersim::detail
