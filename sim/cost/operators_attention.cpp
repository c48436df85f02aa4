// What depends on contexts and on the number of sequences: attention, what comes with latents, scans.
#include <algorithm>

#include "sim/core/diagnostics.hpp"
#include "sim/cost/operator_parts.hpp"
#include "sim/cost/operators.hpp"

namespace tiersim {
namespace {

using models::Attention;
using models::AttentionKind;

double in_double(Tokens tokens) { return static_cast<double>(tokens.value()); }

/// (query, key) pairs of n queries behind c tokens that see at most w tokens each: the sum over i = 1..n of
/// min(c + i, w).
std::int64_t pairs_within(std::int64_t n, std::int64_t c, std::int64_t w) {
  const std::int64_t growing = std::clamp<std::int64_t>(w - c, 0, n);  // queries that still see all
  return growing * c + growing * (growing + 1) / 2 + (n - growing) * w;
}

/// The shape of one attention kernel.
struct Attended {
  Tokens queries, keys;
  std::int64_t sequences = 0, head_dim = 0, heads = 0, kv_heads = 0, window = 0, longest = 0;
};

/// What an attention reads and writes.
struct Moved {
  double queries_and_outputs = 0, kv = 0;
};

const char* by_width(const char* usual, const char* wide, std::int64_t head_dim) {
  return head_dim > detail::kWidestHead ? wide : usual;
}

Operator attention_of(const char* name, const char* kernel, OperatorKind kind, double flops, const Moved& bytes,
                      const Attended& shape, std::int64_t repeats) {
  return {.name = name,
          .kernel = kernel,
          .kind = kind,
          .flops = Flops(flops),
          .bytes = bytes.queries_and_outputs + bytes.kv,
          .repeats = repeats,
          .m = shape.queries.value(),
          .n = shape.keys.value(),
          .k = shape.head_dim,
          .sequences = shape.sequences,
          .heads = shape.heads,
          .kv_heads = shape.kv_heads,
          .window = shape.window,
          .longest = shape.longest,
          .kv_bytes = bytes.kv};
}

}  // namespace

void Batch::add_chunk(Tokens tokens, Tokens offset) {
  const std::int64_t n = tokens.value(), c = offset.value();
  prefill_tokens += tokens;
  ++chunks;
  score_pairs += n * c + n * (n + 1) / 2;
  prefill_context += Tokens(c + n);
  longest = std::max(longest, Tokens(c + n));
  if (window == Tokens(0)) return;
  window_pairs += pairs_within(n, c, window.value());
  window_prefill_context += Tokens(n + std::min(c, window.value() - 1));
}

void Batch::add_decodes(std::int64_t sequences, Tokens context) {
  decodes += sequences;
  decode_context += context * sequences;
  if (window > Tokens(0)) window_decode_context += std::min(context, window) * sequences;
  longest = std::max(longest, context);
}

void StepOperators::attention(const Batch& batch, Operators& out, bool fused) const {
  const bool mixed = fused && batch.chunks > 0 && batch.decodes > 0;
  for (const Layers& layers : attentions_) {
    if (layers.attention.kind == AttentionKind::softmax) {
      if (mixed && layers.attention.window == Tokens(0)) {
        out.push_back(mixed_attention(layers, batch));
      } else {
        softmax_attention(layers, batch, out);
      }
    }
    if (layers.attention.kind == AttentionKind::recurrent) scan(layers, batch, out);
    if (layers.attention.kind != AttentionKind::latent) continue;
    if (batch.chunks > 0) latent_prefill(layers, batch, out);
    if (batch.decodes > 0) latent_decode(layers, batch, out);
  }
}

void StepOperators::softmax_attention(const Layers& layers, const Batch& b, Operators& out) const {
  const Attention& a = layers.attention;
  const bool cut = a.window > Tokens(0);
  ensure(!cut || b.window == a.window, "a batch without the sums of its model's window");
  const double queries_and_outputs = static_cast<double>(heads(a) * (a.head_dim + a.values()));
  const double kv = static_cast<double>(kv_heads(a) * (a.head_dim + a.values()));
  const double activation = model_.activation_bytes, stored = model_.kv_bytes;
  const auto shape = [&](Tokens queries, Tokens keys, std::int64_t sequences) {
    const Tokens longest = cut ? std::min(b.longest, a.window) : b.longest;
    return Attended{queries, keys, sequences, a.head_dim, heads(a), kv_heads(a), a.window.value(), longest.value()};
  };
  if (b.chunks > 0) {
    const double pairs = static_cast<double>(cut ? b.window_pairs : b.score_pairs);
    const Tokens context = cut ? b.window_prefill_context : b.prefill_context;
    const Moved bytes{in_double(b.prefill_tokens) * queries_and_outputs * activation, in_double(context) * kv * stored};
    out.push_back(attention_of(
        "prefill attention",
        cut ? kernel::kPrefillWindow : by_width(kernel::kPrefillAttention, kernel::kPrefillWide, a.head_dim),
        OperatorKind::prefill_attention, 2 * pairs * queries_and_outputs, bytes,
        shape(b.prefill_tokens, context, b.chunks), layers.count));
  }
  if (b.decodes > 0) {
    const Tokens context = cut ? b.window_decode_context : b.decode_context;
    const Moved bytes{static_cast<double>(b.decodes) * queries_and_outputs * activation,
                      in_double(context) * kv * stored};
    out.push_back(
        attention_of("decode attention",
                     cut ? kernel::kDecodeWindow : by_width(kernel::kDecodeAttention, kernel::kDecodeWide, a.head_dim),
                     OperatorKind::decode_attention, 2 * in_double(context) * queries_and_outputs, bytes,
                     shape(Tokens(b.decodes), context, b.decodes), layers.count));
  }
}

/// Tiles of 64 queries, as FlashAttention-2 has them for keys in pages (Dao, 2023): every sequence gets as many as the
/// longest chunk needs, and those without queries end at once.
Operator StepOperators::mixed_attention(const Layers& layers, const Batch& b) const {
  constexpr std::int64_t kTile = 64;
  const Attention& a = layers.attention;
  const double queries_and_outputs = static_cast<double>(heads(a) * (a.head_dim + a.values()));
  const double kv = static_cast<double>(kv_heads(a) * (a.head_dim + a.values()));
  const double chunks = static_cast<double>(b.chunks), chunk = in_double(b.prefill_tokens) / chunks;
  const Moved bytes{in_double(b.tokens()) * queries_and_outputs * model_.activation_bytes,
                    in_double(b.prefill_context + b.decode_context) * kv * model_.kv_bytes};
  Operator op = attention_of("mixed attention", kernel::kMixedAttention, OperatorKind::prefill_attention,
                             2 * static_cast<double>(b.score_pairs) * queries_and_outputs, bytes,
                             {.queries = Tokens(b.decodes),
                              .keys = b.decode_context,
                              .sequences = b.decodes,
                              .head_dim = a.head_dim,
                              .heads = heads(a),
                              .kv_heads = kv_heads(a),
                              .longest = b.longest.value()},
                             layers.count);
  op.decode_flops = Flops(2 * in_double(b.decode_context) * queries_and_outputs);
  op.chunk = chunk;
  op.offset = in_double(b.prefill_context) / chunks - chunk;
  const auto tiles = (static_cast<std::int64_t>(chunk) + kTile - 1) / kTile;
  op.blocks = heads(a) * (b.decodes + b.chunks) * tiles;
  return op;
}

/// Keys and values of the whole context are expanded from their latents, for every head.
void StepOperators::latent_prefill(const Layers& layers, const Batch& b, Operators& out) const {
  const Attention& a = layers.attention;
  const std::int64_t head = a.nope_dim + a.rope_dim;
  const double width = static_cast<double>(heads(a) * (head + a.values()));
  out.push_back(detail::product("kv up", b.prefill_context.value(), heads(a) * (a.nope_dim + a.values()), a.kv_rank,
                                {model_.weight_bytes, model_.activation_bytes}, layers.count));
  const double stored = width * model_.activation_bytes;
  const Moved bytes{in_double(b.prefill_tokens) * stored, in_double(b.prefill_context) * stored};
  out.push_back(attention_of(
      "prefill attention", kernel::kPrefillAttention, OperatorKind::prefill_attention,
      2 * static_cast<double>(b.score_pairs) * width, bytes,
      {b.prefill_tokens, b.prefill_context, b.chunks, head, heads(a), heads(a), 0, b.longest.value()}, layers.count));
}

/// Queries go into the latents' space and outputs come back from it, head by head; all heads read one latent a token.
void StepOperators::latent_decode(const Layers& layers, const Batch& b, Operators& out) const {
  const Attention& a = layers.attention;
  const double decodes = static_cast<double>(b.decodes), rank = static_cast<double>(a.kv_rank);
  const auto by_head = [&](const char* name, std::int64_t n, std::int64_t k, std::int64_t inside) {
    Operator op = detail::product(name, b.decodes, n, k, {model_.weight_bytes, 0}, layers.count);
    op.bytes +=
        model_.activation_bytes * decodes * static_cast<double>(heads(a)) * (static_cast<double>(inside) + rank);
    out.push_back(op);
  };
  by_head("absorbed queries", heads(a) * a.kv_rank, a.nope_dim, a.nope_dim);
  const double context = in_double(b.decode_context);
  const double width = static_cast<double>(heads(a) * (2 * a.kv_rank + a.rope_dim));
  const Moved bytes{decodes * width * model_.activation_bytes,
                    context * static_cast<double>(a.kv_rank + a.rope_dim) * model_.kv_bytes};
  out.push_back(attention_of(
      "decode attention", kernel::kLatentDecode, OperatorKind::decode_attention, 2 * context * width, bytes,
      {Tokens(b.decodes), b.decode_context, b.decodes, a.kv_rank + a.rope_dim, heads(a), 1, 0, b.longest.value()},
      layers.count));
  by_head("expanded outputs", heads(a) * a.values(), a.kv_rank, a.values());
}

/// Per channel and state: step times A, its exponential, step times B, times x, the update's two, the output's two.
void StepOperators::scan(const Layers& layers, const Batch& b, Operators& out) const {
  constexpr double kFlops = 8;
  const Attention& a = layers.attention;
  const std::int64_t channels = a.expand * model_.hidden / ranks_.tensor;
  const double inner = static_cast<double>(channels);
  const double tokens = in_double(b.tokens()), sequences = static_cast<double>(b.chunks + b.decodes);
  const double states = static_cast<double>(a.state_dim), kept = static_cast<double>(a.state_dim + a.conv_width - 1);
  // A token: x, step and gate in, y out, and its row of B and C. A sequence: its state, read and written.
  const double elements = tokens * (4 * inner + 2 * states) + 2 * sequences * inner * kept;
  out.push_back(detail::elementwise("scan", kernel::kScan, elements * model_.activation_bytes,
                                    kFlops * tokens * inner * states, layers.count));
}

}  // namespace tiersim
