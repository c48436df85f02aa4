#pragma once
/// A language model's shapes: what the cost model and the memory map need to know, and nothing of its weights.
///
/// Read from models/<name>.yaml (or an inline map of a scenario). KV bytes and parameter counts are exact integers. The
/// KV of a model is a list of layer groups, so that sliding windows, latent and recurrent state fit later; a uniform
/// decoder has one group of full attention. Bytes per element are doubles because quantised types have fractional ones.
#include <cstdint>
#include <string>
#include <vector>

#include "sim/config/fields.hpp"
#include "sim/core/units.hpp"

namespace tiersim::models {

enum class KvKind { full_attention };

/// Layers whose KV cache has the same shape.
struct LayerGroup {
  KvKind kind = KvKind::full_attention;
  std::int64_t layers = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
};

struct ModelSpec {
  std::string name;
  std::int64_t layers = 0;
  std::int64_t hidden = 0;        ///< d
  std::int64_t query_heads = 0;   ///< Hq
  std::int64_t kv_heads = 0;      ///< Hk
  std::int64_t head_dim = 0;      ///< dh
  std::int64_t intermediate = 0;  ///< f, of the gated MLP
  std::int64_t vocabulary = 0;    ///< V
  bool tied_embeddings = false;   ///< the head is the embedding's matrix
  bool qkv_bias = false;          ///< biases on the query, key and value projections (Qwen2)
  double weight_bytes = 2;        ///< per parameter
  double activation_bytes = 2;    ///< per element
  double kv_bytes = 2;            ///< per element
  Tokens max_context{0};
  std::vector<LayerGroup> groups;

  /// Every parameter: embeddings, attention, gated MLP, norms, head.
  [[nodiscard]] std::int64_t parameters() const;
  /// Weights of one tensor-parallel rank, as loaded: matrices and biases divided by ranks (rounded up; key and value
  /// heads as in kv_per_token_per_rank), norms whole.
  [[nodiscard]] Bytes weights_per_rank(std::int64_t ranks) const;
  /// KV bytes of one token over all ranks: 2 * sum over groups of layers * kv_heads * head_dim * kv_bytes.
  [[nodiscard]] Bytes kv_per_token() const;
  /// KV bytes of one token on one rank: heads are divided, or replicated where there are fewer heads than ranks.
  [[nodiscard]] Bytes kv_per_token_per_rank(std::int64_t ranks) const;
};

/// Reads every key (all fields above by their names but groups, which follow from them); finish() is called. Problems
/// go to the fields' diagnostics.
[[nodiscard]] ModelSpec read_model(config::Fields& fields);

}  // namespace tiersim::models
