#include "traces/attention_dump.hpp"

#include <fmt/format.h>

#include <cmath>
#include <span>

namespace tiersim::traces {
namespace {

constexpr double kSumTolerance = 2e-3;  // of 16-bit weights

std::string wrong_size(const char* name, std::size_t has, std::int64_t expected) {
  if (has == 0 || has == static_cast<std::size_t>(expected)) return {};
  return fmt::format("{} has {} values, its shape asks for {}", name, has, expected);
}

std::string not_finite(const char* name, std::span<const float> values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) return fmt::format("{} has a value that is no number, at {}", name, i);
  return {};
}

std::string wrong_row(const AttentionShape& s, const AttentionLayer& layer, std::int64_t head, std::int64_t row) {
  const auto begin = static_cast<std::size_t>((head * s.rows() + row) * s.tokens());
  const auto weights = std::span(layer.weights).subspan(begin, static_cast<std::size_t>(s.tokens()));
  double sum = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (weights[k] < 0) return fmt::format("row {} of head {} has a weight below zero, on key {}", row, head, k);
    if (weights[k] > 0 && static_cast<std::int64_t>(k) >= s.keys_of(row))
      return fmt::format("row {} of head {} sees key {}, which comes after it", row, head, k);
    sum += static_cast<double>(weights[k]);
  }
  if (std::abs(sum - 1) <= kSumTolerance) return {};
  return fmt::format("row {} of head {} sums to {:.4f} instead of 1", row, head, sum);
}

}  // namespace

std::string check(const AttentionShape& s, const AttentionLayer& layer) {
  if (s.layers < 1 || s.heads < 1 || s.kv_heads < 1 || s.head_size < 1 || s.prompt < 1 || s.steps < 0)
    return "a dimension of the shape is below one";
  if (s.heads % s.kv_heads != 0) return fmt::format("{} heads do not share {} KV heads evenly", s.heads, s.kv_heads);
  if (s.window < 0 || s.window > s.prompt) return "the window is longer than the prompt";
  const std::int64_t kv = s.kv_heads * s.tokens() * s.head_size;
  for (const std::string& problem :
       {wrong_size("q", layer.q.size(), s.heads * s.rows() * s.head_size), wrong_size("k", layer.k.size(), kv),
        wrong_size("v", layer.v.size(), kv),
        wrong_size("weights", layer.weights.size(), s.heads * s.rows() * s.tokens()),
        wrong_size("column_sums", layer.column_sums.size(), s.heads * s.prompt), not_finite("q", layer.q),
        not_finite("k", layer.k), not_finite("v", layer.v), not_finite("weights", layer.weights),
        not_finite("column_sums", layer.column_sums)})
    if (!problem.empty()) return problem;
  if (layer.weights.empty() && (layer.q.empty() || layer.k.empty())) return "there are neither weights nor Q and K";
  for (std::int64_t h = 0; !layer.weights.empty() && h < s.heads; ++h)
    for (std::int64_t row = 0; row < s.rows(); ++row)
      if (std::string problem = wrong_row(s, layer, h, row); !problem.empty()) return problem;
  return {};
}

}  // namespace tiersim::traces
