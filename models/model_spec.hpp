#pragma once
/// A language model's shapes: what the cost model and the memory map need to know, and nothing of its weights.
///
/// Read from models/<name>.yaml or an inline map of a scenario (models/model_reader.cpp). A model is a list of layer
/// groups: layers of one shape, in any order, since costs add up. Each has an attention and a feed-forward network:
///   softmax     queries, keys and values in heads (MHA, GQA, MQA), over the whole context or a sliding window
///   latent      keys and values compressed into one vector a token (multi-head latent attention, DeepSeek-V2)
///   recurrent   a selective state space of fixed size per sequence and no KV (Mamba; Gu and Dao, 2023)
///   none        a feed-forward network alone
///   feed-forward: dense, gated or plain; or experts of which a router picks some for each token, beside shared ones
/// The short form of a uniform dense decoder has no groups: all layers have the shape of the fields themselves.
///
/// Counts are exact integers; bytes per element are doubles, since quantised types with their scales have fractional
/// ones (models/element_type.hpp), and are rounded once, at the end. O(groups) per call; errors are the reader's.
/// Sources: published config.json files; the formulas are those of the architectures' papers. Left out: several types
/// within the weights but for experts (a quantised model's embeddings count as its weights), padding of vocabularies,
/// windows of several lengths in one model, encoders (an encoder-decoder is described by what it costs).
#include <cstdint>
#include <string>
#include <vector>

#include "models/ranks.hpp"
#include "sim/config/fields.hpp"
#include "sim/core/units.hpp"

namespace tiersim::models {

enum class AttentionKind { softmax, latent, recurrent, none };
enum class NormKind { rms, layer };       ///< a layer norm has a bias beside its scale
enum class QkNorm { none, head, whole };  ///< of queries and keys: one scale for all heads, or for the whole width

struct Attention {
  AttentionKind kind = AttentionKind::softmax;
  std::int64_t query_heads = 0;  ///< Hq; softmax and latent
  std::int64_t kv_heads = 0;     ///< Hk
  std::int64_t head_dim = 0;     ///< dh, of queries and keys
  std::int64_t value_dim = 0;    ///< of values; 0: head_dim
  Tokens window{0};              ///< a token sees this many, itself included; 0: all before it
  bool shares_kv = false;        ///< reads another layer's keys and values, has none of its own
  bool rotary = true;            ///< turns queries and keys by their position
  bool qkv_bias = false, output_bias = false;
  bool sinks = false;  ///< a learned logit a head (gpt-oss)
  QkNorm qk_norm = QkNorm::none;
  std::int64_t q_rank = 0;                  ///< latent: of the compressed queries; 0: not compressed
  std::int64_t kv_rank = 0;                 ///< latent: elements of the compressed keys and values
  std::int64_t rope_dim = 0, nope_dim = 0;  ///< latent: of a head, with position (shared by all) and without
  std::int64_t state_dim = 0;               ///< recurrent: states of each inner channel
  std::int64_t conv_width = 0, expand = 0;  ///< recurrent: taps of the convolution; inner channels / hidden
  std::int64_t step_rank = 0;               ///< recurrent: of the step size's projection
  bool inner_norms = false;                 ///< recurrent: norms of step, input and output (Jamba)
  [[nodiscard]] std::int64_t values() const { return value_dim > 0 ? value_dim : head_dim; }
};

struct FeedForward {
  std::int64_t intermediate = 0;  ///< f of a dense one
  bool gated = true;              ///< gate, up and down; else up and down
  bool bias = false;
  std::int64_t experts = 0;  ///< 0: dense
  std::int64_t active = 0;   ///< experts that a token passes
  std::int64_t expert_intermediate = 0;
  std::int64_t shared_intermediate = 0;  ///< of all experts that every token passes, together
  bool shared_gate = false;              ///< a learned share of the shared experts' output (Qwen1.5-MoE)
  bool router_bias = false;
};

/// Layers of one shape.
struct LayerGroup {
  std::int64_t layers = 0;
  Attention attention;
  FeedForward feed_forward;
};

struct ModelSpec {
  std::string name;
  std::int64_t layers = 0;
  std::int64_t hidden = 0;        ///< d
  std::int64_t query_heads = 0;   ///< the short form; what groups say counts where there are any
  std::int64_t kv_heads = 0;      ///< likewise
  std::int64_t head_dim = 0;      ///< likewise
  std::int64_t intermediate = 0;  ///< likewise
  std::int64_t vocabulary = 0;    ///< V
  bool tied_embeddings = false;   ///< the head is the embedding's matrix
  bool qkv_bias = false;          ///< the short form: biases of query, key and value projections (Qwen2)
  std::int64_t norms = 2;         ///< a layer
  NormKind norm = NormKind::rms;
  bool parallel = false;           ///< attention and feed-forward read the same input, their outputs are added (Falcon)
  std::int64_t positions = 0;      ///< rows of learned position embeddings (OPT)
  bool head_bias = false;          ///< of the logits
  double weight_bytes = 2;         ///< per parameter
  double expert_weight_bytes = 0;  ///< per parameter of a routed expert; 0: weight_bytes
  double activation_bytes = 2;     ///< per element, of recurrent state too
  double kv_bytes = 2;             ///< per element
  std::string weight_type, expert_weight_type, kv_type;  ///< as words ("fp8"); empty where bytes were given
  Tokens max_context{0};
  std::vector<LayerGroup> groups;  ///< empty: the short form

  /// The groups, or the one of the short form.
  [[nodiscard]] std::vector<LayerGroup> layer_groups() const;
  [[nodiscard]] double expert_bytes() const { return expert_weight_bytes > 0 ? expert_weight_bytes : weight_bytes; }

  /// Every parameter: embeddings, attention, feed-forward networks, norms, head.
  [[nodiscard]] std::int64_t parameters() const;
  /// All but the routed experts that a token does not pass; the embedding counts whole.
  [[nodiscard]] std::int64_t active_parameters() const;
  /// Weights of one tensor-parallel rank, as loaded: matrices, biases of split outputs and experts divided by ranks
  /// (rounded up; key and value heads as in kv_per_token_per_rank), norms, routers, learned positions and the
  /// projections into latents whole.
  [[nodiscard]] Bytes weights_per_rank(std::int64_t ranks) const;
  /// The same of one GPU of a stage: of its layers, whole experts where expert ranks hold them, the embedding on the
  /// first stage and the head on the last (tied ones on both).
  [[nodiscard]] Bytes weights_per_gpu(const Ranks& ranks, std::int64_t stage) const;

  /// KV bytes that one more token takes over all ranks, windows counted as if they never filled: the sum over layers
  /// of Hk (dh + dv) or, latent, kv_rank + rope_dim elements. Layers with shared KV or recurrent state add none.
  [[nodiscard]] Bytes kv_per_token() const;
  /// KV bytes of one token on one rank: heads are divided, or replicated where there are fewer heads than ranks;
  /// latents are replicated.
  [[nodiscard]] Bytes kv_per_token_per_rank(std::int64_t ranks) const;
  /// The same on one GPU of a stage.
  [[nodiscard]] Bytes kv_per_token_per_gpu(const Ranks& ranks, std::int64_t stage) const;
  /// All that a sequence of this context keeps over all ranks: KV with windows filled at most, and state.
  [[nodiscard]] Bytes kv_of_sequence(Tokens context) const;
  /// Recurrent state of a sequence: expand * hidden * (state_dim + conv_width - 1) elements a layer.
  [[nodiscard]] Bytes state_of_sequence() const;

  /// The length of all sliding windows, 0 without any; the reader refuses models with two.
  [[nodiscard]] Tokens window() const;
  /// Elements between the two products of the widest feed-forward network, for one token: active experts side by side.
  [[nodiscard]] std::int64_t widest_intermediate() const;
};

/// Reads every key: the fields above by their names, `weights`, `kv` and `expert_weights` as words, `attention`,
/// `feed_forward` and `groups` as maps (models/README.md); finish() is called. Problems go to the fields' diagnostics.
[[nodiscard]] ModelSpec read_model(config::Fields& fields);

}  // namespace tiersim::models
