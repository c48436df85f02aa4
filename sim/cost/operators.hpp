#pragma once
/// What one rank computes in a step: every kernel with its FLOPs, its HBM traffic and its shape.
///
/// Called by the cost model, which gives each operator its time. linear() depends on a token count alone, head() on
/// the sequences that need logits, attention() on the batch. Counts follow the usual ones (2 m n k of a product,
/// weights read once, activations in and out, FlashAttention's ideal traffic):
///   softmax     QKV, rotary, KV write, prefill and decode attention each as one kernel over all sequences; a window
///               caps pairs and contexts sequence by sequence
///   latent      prefill expands the latents of the whole context into keys and values, then attends with them;
///               decode absorbs the up-projections into queries and outputs and attends over the latents themselves:
///               2 Hq (2 kv_rank + rope_dim) FLOPs a token of context (DeepSeek-V2, 2024, section 2.1.2)
/// Where an engine runs chunks and decoding sequences as one kernel (`fused`), that kernel's work is not the sum of the
/// two: a decoding sequence then takes a whole tile of queries in each head, and reads its keys once for each of them.
///   recurrent   projections as products, convolution and scan as element-wise kernels, state read and written once
///               a sequence and step (Gu and Dao, 2023)
///   experts     a router, then kernels "moe" with the FLOPs of the active experts and the weights of those expected
///               to be touched by the tokens: independent, even routing (sim/cost/expert_load.hpp)
/// Tensor-parallel ranks divide heads and widths, and reduce their outputs twice a layer. Of them expert ranks hold
/// whole experts, and the rest divide each expert's width: each rank sends its share of the tokens to the ranks of
/// their k experts and gets them back, T k d / G elements each way (GShard's dispatch and combine). The step waits for
/// the busiest expert rank. Where an engine runs routing, products, activation and sum of the experts as one kernel
/// (`fused`, vLLM's fused MoE), that kernel also passes over the rows of other ranks' experts. A pipeline's stages
/// send the hidden states on, one send less than there are stages; a step is in one stage at a time, so that the
/// operators of all stages add up. Equal operators of several groups are one with more repeats, in the place of the
/// first.
///
/// bytes are fractional for sub-byte types. O(groups) per call; attention() allocates nothing once its vector is grown.
/// Deterministic. Left out: biases, the gate of shared experts, learned positions and sinks (far below one per cent),
/// uneven routing, tile quantisation but that of fused experts (the profile's laws have it).
#include <cstdint>
#include <vector>

#include "models/model_spec.hpp"
#include "sim/core/units.hpp"

namespace tiersim {

/// What one step computes. Contexts count the tokens attended to, the new ones included. Where the model has windows
/// the same sums are kept with every context cut at the window.
struct Batch {
  Tokens prefill_tokens;         ///< new tokens of all chunks
  std::int64_t chunks = 0;       ///< prefilling sequences
  std::int64_t score_pairs = 0;  ///< sum over chunks of n c + n (n + 1) / 2: (query, key) pairs, n tokens at offset c
  Tokens prefill_context;        ///< sum over chunks of c + n
  std::int64_t decodes = 0;      ///< decoding sequences, one new token each
  Tokens decode_context;         ///< sum of their contexts
  std::int64_t sampled = 0;      ///< sequences that need logits
  Tokens longest;                ///< context of the longest sequence
  bool copies_in = false;        ///< while KV is copied to the GPU
  bool copies_out = false;       ///< ... or from it

  Tokens window;                  ///< the model's, set before chunks are added; 0: none
  std::int64_t window_pairs = 0;  ///< pairs within the window
  Tokens window_prefill_context;  ///< sum over chunks of what the window reaches: n + min(c, window - 1)
  Tokens window_decode_context;   ///< sum over decoding sequences of min(context, window)

  void add_chunk(Tokens tokens, Tokens offset);
  /// Sequences that decode a token each and attend to `context` tokens each.
  void add_decodes(std::int64_t sequences, Tokens context);
  [[nodiscard]] Tokens tokens() const { return prefill_tokens + Tokens(decodes); }
};

enum class OperatorKind { gemm, prefill_attention, decode_attention, elementwise, all_reduce, all_to_all, send };
[[nodiscard]] constexpr bool is_communication(OperatorKind kind) { return kind >= OperatorKind::all_reduce; }

/// The kernels whose laws a profile may hold, by name: one address each, so that they can be told apart by it.
namespace kernel {
inline constexpr const char* kGemm = "gemm";
inline constexpr const char* kThin = "thin";
inline constexpr const char* kGemv = "gemv";
inline constexpr const char* kExperts = "moe";
inline constexpr const char* kFusedExperts = "fused_experts";
inline constexpr const char* kFusedExpertRanks = "fused_experts_ranks";  ///< with other experts on other ranks
inline constexpr const char* kPrefillAttention = "prefill_attention";
inline constexpr const char* kDecodeAttention = "decode_attention";
inline constexpr const char* kMixedAttention = "mixed_attention";
inline constexpr const char* kPrefillWindow = "prefill_attention_window";
inline constexpr const char* kDecodeWindow = "decode_attention_window";
inline constexpr const char* kPrefillWide = "prefill_attention_wide";  // heads that FlashAttention-3 does not do
inline constexpr const char* kDecodeWide = "decode_attention_wide";
inline constexpr const char* kLatentDecode = "mla_decode";
inline constexpr const char* kScan = "scan";
inline constexpr const char* kKvWrite = "kv_write";
inline constexpr const char* kAdd = "add";
inline constexpr const char* kNorm = "norm";
inline constexpr const char* kFinalNorm = "final_norm";
inline constexpr const char* kRotary = "rotary";
inline constexpr const char* kActivation = "activation";
inline constexpr const char* kSoftmax = "softmax";
inline constexpr const char* kAllReduce = "all_reduce";
inline constexpr const char* kAllToAll = "all_to_all";
inline constexpr const char* kSend = "send_receive";
}  // namespace kernel

/// One kernel of a step on one rank, `repeats` times (once a layer, mostly).
struct Operator {
  const char* name = "";
  const char* kernel = "";  ///< whose law counts
  OperatorKind kind = OperatorKind::gemm;
  Flops flops{0};
  double bytes = 0;  ///< HBM traffic, or what one rank gives into a communication; fractional for sub-byte types
  std::int64_t repeats = 1;
  std::int64_t m = 0, n = 0, k = 0;                  ///< GEMM shape per rank; attention: queries, keys, head elements
  std::int64_t sequences = 0;                        ///< attention
  std::int64_t heads = 0, kv_heads = 0, window = 0;  ///< attention, per rank; window 0: none
  std::int64_t longest = 0;                          ///< attention: context of the longest sequence, within the window
  // Of attention over chunks and decoding sequences at once; m, n and sequences are then about the latter.
  Flops decode_flops{0};         ///< not in `flops`
  double chunk = 0, offset = 0;  ///< mean tokens of a chunk, and before it
  std::int64_t blocks = 1;       ///< of threads: tiles of queries of all sequences and heads
  std::int64_t ranks = 0;        ///< that take part in a communication
  double kv_bytes = 0;           ///< attention: of bytes, those of keys and values
  // Of fused experts.
  double experts = 0;                                ///< touched
  double rows_per_expert = 0, tiles_per_expert = 0;  ///< means over these
  double weight_bytes = 0;                           ///< of bytes, those of their weights
};

using Operators = std::vector<Operator>;

using models::Ranks;

class StepOperators {
 public:
  StepOperators(const models::ModelSpec& model, Ranks ranks);

  /// All that depends on the number of tokens alone, from the embedding to the last layer. `fused`: what routed experts
  /// compute behind their router is one kernel.
  [[nodiscard]] Operators linear(Tokens tokens, bool fused = false) const;
  /// Final norm, head and sampling; nothing for no sequences.
  [[nodiscard]] Operators head(std::int64_t sampled) const;
  /// Appends what depends on contexts and sequences: attention, latents' projections, scans. `fused`: softmax
  /// attention without a window is one kernel over chunks and decoding sequences, where there are both.
  void attention(const Batch& batch, Operators& out, bool fused = false) const;

 private:
  /// Attentions of one shape, over all groups.
  struct Layers {
    models::Attention attention;
    std::int64_t count = 0;
  };

  void projections(const models::LayerGroup& group, std::int64_t tokens, Operators& out) const;
  void softmax_projections(const models::LayerGroup& group, std::int64_t tokens, Operators& out) const;
  void latent_projections(const models::LayerGroup& group, std::int64_t tokens, Operators& out) const;
  void recurrent_projections(const models::LayerGroup& group, std::int64_t tokens, Operators& out) const;
  void feed_forward(const models::LayerGroup& group, std::int64_t tokens, bool fused, Operators& out) const;
  void dense(const char* const (&names)[3], const models::LayerGroup& group, std::int64_t width, std::int64_t tokens,
             Operators& out) const;
  void experts(const models::LayerGroup& group, std::int64_t tokens, bool fused, Operators& out) const;
  void experts_one_by_one(const models::LayerGroup& group, std::int64_t tokens, Operators& out) const;
  void reduce(const char* name, std::int64_t elements, std::int64_t repeats, Operators& out) const;
  void exchange(const char* name, const models::LayerGroup& group, std::int64_t tokens, Operators& out) const;
  [[nodiscard]] Operator communication(const char* name, const char* kernel, OperatorKind kind, double elements,
                                       std::int64_t ranks, std::int64_t repeats) const;
  void softmax_attention(const Layers& layers, const Batch& batch, Operators& out) const;
  [[nodiscard]] Operator mixed_attention(const Layers& layers, const Batch& batch) const;
  void latent_prefill(const Layers& layers, const Batch& batch, Operators& out) const;
  void latent_decode(const Layers& layers, const Batch& batch, Operators& out) const;
  void scan(const Layers& layers, const Batch& batch, Operators& out) const;
  [[nodiscard]] std::int64_t heads(const models::Attention& a) const { return a.query_heads / ranks_.tensor; }
  [[nodiscard]] std::int64_t kv_heads(const models::Attention& a) const;
  [[nodiscard]] std::int64_t expert_width(const models::FeedForward& f) const;

  models::ModelSpec model_;
  std::vector<models::LayerGroup> groups_;
  std::vector<Layers> attentions_;
  Ranks ranks_;
};

}  // namespace tiersim
