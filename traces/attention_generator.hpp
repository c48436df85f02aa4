#pragma once
/// Recordings of attention that nobody recorded: vectors drawn so that their weights look like a model's.
///
/// Vectors come first, weights follow from them, so every measure on them is consistent. A sequence has sentences,
/// topics that last some ten of them, tokens of very unequal importance, and needles: short spans that a few decoded
/// tokens ask for. Each KV head is of one type, its query heads with it:
///
///   sink       most weight on the first tokens            slash      on the token a fixed distance back
///   local      on the newest tokens                       retrieval  on the needle, when it is asked for; else as sink
///   heavy      on important tokens, whoever asks          diffuse    nowhere in particular
///
/// Keys have a few channels that are 5 to 20 times as large as others, the same for all tokens (queries make up for
/// it); the sink's values are small; neighbouring tokens and neighbouring layers have similar keys; queries that follow
/// each other too. Weight on the sinks is set by bisection so that the mean of each sink head lies where it was drawn,
/// from 0.4 to 0.9. Column sums are estimated from `column_rows` prompt queries, evenly spread.
///
/// Shapes of heads: MInference (2024), StreamingLLM (2024), Retrieval Head (2024); shares of types and the outlier
/// channels of KIVI and KVQuant: reference measurements; all are parameters. O(tokens x head size) a head beside column
/// sums, O(column_rows x tokens x head size). Deterministic for a seed; layers can be made in any order, at once.
#include <cstdint>
#include <string>
#include <vector>

#include "traces/attention_dump.hpp"

namespace tiersim::traces {

enum class HeadType : std::uint8_t { sink, local, heavy, slash, retrieval, diffuse };

struct AttentionGeneratorSettings {
  AttentionShape shape{
      .layers = 32, .heads = 32, .kv_heads = 8, .head_size = 128, .prompt = 4096, .steps = 128, .window = 64};
  std::uint64_t seed = 1;
  /// Shares of KV heads by type, in the order of HeadType; of the first two layers all are local or diffuse.
  std::vector<double> types{0.45, 0.15, 0.20, 0.08, 0.04, 0.08};
  double layer_similarity = 0.7;  ///< correlation of a layer's directions with those of the layer before
  std::int64_t needles = 2;       ///< spans of `needle_tokens`
  std::int64_t needle_tokens = 12;
  std::int64_t column_rows = 512;  ///< prompt queries that column sums are estimated from
};

/// What all layers share.
struct AttentionSequence {
  std::vector<std::uint16_t> topic;     ///< by token
  std::vector<float> importance;        ///< by token: Pareto, from 1 on
  std::vector<std::int64_t> sentences;  ///< first tokens
  std::vector<std::int64_t> needles;    ///< first tokens
  std::vector<std::int64_t> asked;      ///< by decoded token: the needle's token that it asks for, or -1
};

class GeneratedAttention final : public AttentionSource {
 public:
  explicit GeneratedAttention(AttentionGeneratorSettings settings);
  [[nodiscard]] const AttentionShape& shape() const override { return settings_.shape; }
  [[nodiscard]] AttentionLayer load(std::int64_t layer) const override;

  [[nodiscard]] const AttentionSequence& sequence() const { return sequence_; }
  [[nodiscard]] HeadType type_of(std::int64_t layer, std::int64_t kv_head) const;

 private:
  AttentionGeneratorSettings settings_;
  AttentionSequence sequence_;
};

}  // namespace tiersim::traces
