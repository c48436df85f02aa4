#include "sim/cost/attention_io.hpp"

#include <algorithm>
#include <cmath>

#include "sim/core/diagnostics.hpp"

namespace tiersim {

double tile_rows(double on_chip_elements, double head_dim) { return on_chip_elements / (4 * head_dim); }

double tiled_attention_elements(const HeadShape& h, double on_chip_elements) {
  const double rows = std::max(1.0, std::floor(tile_rows(on_chip_elements, h.head_dim)));
  return 2 * h.queries * h.head_dim + 2 * h.keys * h.head_dim * std::ceil(h.queries / rows);
}

double blocked_attention_elements(const HeadShape& h, double on_chip_elements) {
  ensure(on_chip_elements >= 3, "a block of a product without room for one element of each matrix");
  const double block = std::sqrt(on_chip_elements / 3), scores = h.queries * h.keys;
  const auto passes = [&](double length) { return std::max(1.0, length / block); };  // over what comes block by block
  const double q = h.queries * h.head_dim, kv = h.keys * h.head_dim;
  const double into_scores = q * passes(h.keys) + kv * passes(h.queries) + scores;
  return into_scores + scores * passes(h.head_dim) + kv * passes(h.queries) + q;
}

double attention_elements(const HeadShape& h, double on_chip_elements) {
  const double blocked = blocked_attention_elements(h, on_chip_elements);
  const bool tile_fits = tile_rows(on_chip_elements, h.head_dim) >= 1;
  return tile_fits ? std::min(tiled_attention_elements(h, on_chip_elements), blocked) : blocked;
}

double kv_bytes_read_again(const Operator& op, const hw::GpuSpec& gpu, double element_bytes) {
  constexpr double kOfL2 = 0.7;  // the rest holds queries, outputs and what streams past
  if (gpu.shared_memory_per_sm == Bytes(0) || gpu.sms == 0 || op.sequences == 0) return 0;
  const double rows =
      tile_rows(static_cast<double>(gpu.shared_memory_per_sm.value()) / element_bytes, static_cast<double>(op.k));
  const double sequences = static_cast<double>(op.sequences), kv_heads = static_cast<double>(op.kv_heads);
  const double queries = static_cast<double>(op.m) / sequences * static_cast<double>(op.heads) / kv_heads;
  const double waves = std::ceil(queries / rows / static_cast<double>(gpu.sms));
  if (waves <= 1) return 0;
  const double kept = kOfL2 * static_cast<double>(gpu.l2.value()) * sequences * kv_heads / op.kv_bytes;
  return op.kv_bytes * (waves - 1) * (1 - std::min(1.0, kept));
}

}  // namespace tiersim
