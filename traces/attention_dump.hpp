#pragma once
/// Recorded attention of one sequence, layer by layer: what attention replays read.
///
/// Written by generators and by the recorder that users run beside a model, read by sim/attention. A sequence is a
/// prompt of T tokens and `steps` tokens decoded after it; it was recorded with the full cache. A layer holds what the
/// recording has of: vectors (Q of some rows, K, V) and attention weights (window rows, column sums, decode rows). Rows
/// are of queries: the last `window` of the prompt, then every decoded token; row r asks at position
/// T - window + r and sees keys 0 to there. All arrays are row-major floats, dimensions outermost first; an array that
/// was not recorded is empty. Where Q and K exist, weights are computed from them: softmax(Q K^T / sqrt(d)), as they
/// stand (K as attention sees it, after position embedding).
///
/// Query head h reads KV head h / (heads / kv_heads). Shapes are the caller's to keep: check() says what is wrong.
#include <cstdint>
#include <string>
#include <vector>

namespace tiersim::traces {

struct AttentionShape {
  std::int64_t layers = 0, heads = 0, kv_heads = 0, head_size = 0;
  std::int64_t prompt = 0;  ///< T, tokens
  std::int64_t steps = 0;   ///< decoded tokens
  std::int64_t window = 0;  ///< prompt rows that are recorded, the last ones

  [[nodiscard]] std::int64_t group() const { return heads / kv_heads; }  ///< query heads of a KV head
  [[nodiscard]] std::int64_t tokens() const { return prompt + steps; }
  [[nodiscard]] std::int64_t rows() const { return window + steps; }
  /// Keys that row r sees: those up to its own position.
  [[nodiscard]] std::int64_t keys_of(std::int64_t row) const { return prompt - window + row + 1; }
};

struct AttentionLayer {
  std::vector<float> q;            ///< [heads][rows][head_size]
  std::vector<float> k, v;         ///< [kv_heads][tokens][head_size]
  std::vector<float> weights;      ///< [heads][rows][tokens], 0 beyond a row's own position; where there is no Q or K
  std::vector<float> column_sums;  ///< [heads][prompt]: of the weights of all prompt queries on each key
};

class AttentionSource {
 public:
  virtual ~AttentionSource() = default;
  [[nodiscard]] virtual const AttentionShape& shape() const = 0;
  /// Layers may be loaded at once from several threads.
  [[nodiscard]] virtual AttentionLayer load(std::int64_t layer) const = 0;
};

/// The first thing that is wrong with a layer of this shape, or empty: sizes that do not fit, values that are no
/// numbers, weights below zero, beyond a row's own position, or that do not sum to 1 within 2e-3.
[[nodiscard]] std::string check(const AttentionShape& shape, const AttentionLayer& layer);

}  // namespace tiersim::traces
