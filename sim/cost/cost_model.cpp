#include "sim/cost/cost_model.hpp"

#include <algorithm>
#include <cmath>

#include "sim/core/mathematics.hpp"

namespace tiersim {
namespace {

double p_norm(double a, double b, double p) {
  if (p == 2.0) return std::sqrt(a * a + b * b);
  const double high = std::max(a, b), low = std::min(a, b);
  return low <= 0 ? high : high * power(1.0 + power(low / high, p), 1.0 / p);
}

/// The kernel that serves a product of so many rows.
const char* product_of(std::int64_t rows) {
  constexpr std::int64_t kThin = 16;
  if (rows == 1) return "gemv";
  return rows <= kThin ? "thin" : "gemm";
}

/// C (m x n) = A (m x k) B (k x n): weights once, activations in and out.
Operator gemm(const char* name, std::int64_t m, std::int64_t n, std::int64_t k, double weight_bytes,
              double activation_bytes, std::int64_t repeats) {
  const double md = static_cast<double>(m), nd = static_cast<double>(n), kd = static_cast<double>(k);
  return {.name = name,
          .kernel = product_of(m),
          .kind = OperatorKind::gemm,
          .flops = Flops(2 * md * nd * kd),
          .bytes = weight_bytes * nd * kd + activation_bytes * md * (nd + kd),
          .repeats = repeats,
          .m = m,
          .n = n,
          .k = k};
}

Operator elementwise(const char* name, const char* kernel, double bytes, double flops, std::int64_t repeats) {
  return {.name = name,
          .kernel = kernel,
          .kind = OperatorKind::elementwise,
          .flops = Flops(flops),
          .bytes = bytes,
          .repeats = repeats};
}

calib::Work work_of(const Operator& op) {
  return {.flops = op.flops.value(),
          .bytes = op.bytes,
          .m = static_cast<double>(op.m),
          .n = static_cast<double>(op.n),
          .k = static_cast<double>(op.k),
          .operations = 1,
          .sequences = static_cast<double>(op.sequences)};
}

}  // namespace

CostModel::CostModel(const models::ModelSpec& model, const hw::MachineSpec& machine, const calib::Profile& profile,
                     std::int64_t ranks, const OperatorTable* table)
    : model_(model),
      machine_(machine),
      profile_(profile),
      ranks_(ranks),
      kv_heads_(std::max<std::int64_t>(1, model.kv_heads / ranks)),
      table_(table),
      laws_(profile),
      slow_downs_(profile),
      prefill_law_(laws_.find("prefill_attention", model.kv_bytes)),
      decode_law_(laws_.find("decode_attention", model.kv_bytes)),
      launch_(in_seconds(profile.launch)) {
  const auto roof = [&](OperatorKind kind, double compute_share, double bandwidth_share) {
    roofs_[static_cast<std::size_t>(kind)] = {1.0 / (machine.gpu.half_peak().value() * compute_share),
                                              1.0 / (machine.gpu.memory_bandwidth.value() * bandwidth_share)};
  };
  roof(OperatorKind::gemm, profile.gemm_efficiency, profile.gemm_bandwidth);
  roof(OperatorKind::prefill_attention, profile.attention_efficiency, profile.attention_bandwidth);
  roof(OperatorKind::decode_attention, profile.gemm_efficiency, profile.attention_bandwidth);
  roof(OperatorKind::elementwise, profile.gemm_efficiency, profile.elementwise_bandwidth);
}

std::vector<Operator> CostModel::linear_operators(std::int64_t t) const {
  const auto& m = model_;
  const std::int64_t layers = m.layers, d = m.hidden;
  const std::int64_t q = m.query_heads * m.head_dim / ranks_, kv = kv_heads_ * m.head_dim, f = m.intermediate / ranks_;
  const double a = m.activation_bytes, w = m.weight_bytes, td = static_cast<double>(t) * static_cast<double>(d);
  const double tq = static_cast<double>(t * q), tkv = static_cast<double>(t * kv), tf = static_cast<double>(t * f);
  std::vector<Operator> ops;
  ops.push_back(elementwise("embedding", "add", 2 * td * a, 0, 1));
  ops.push_back(elementwise("input norm", "norm", 4 * td * a, 7 * td, layers));  // with the residual: two in, two out
  ops.push_back(gemm("qkv", t, q + 2 * kv, d, w, a, layers));
  ops.push_back(elementwise("rotary", "rotary", 2 * (tq + tkv) * a, 6 * (tq + tkv), layers));
  ops.push_back(elementwise("kv write", "add", 2 * tkv * m.kv_bytes, 0, layers));
  ops.push_back(gemm("attention output", t, d, q, w, a, layers));
  if (ranks_ > 1) {
    ops.push_back({.name = "all-reduce",
                   .kernel = "all_reduce",
                   .kind = OperatorKind::all_reduce,
                   .bytes = td * a,
                   .repeats = 2 * layers});
  }
  ops.push_back(elementwise("post-attention norm", "norm", 4 * td * a, 7 * td, layers));
  ops.push_back(gemm("gate and up", t, 2 * f, d, w, a, layers));
  ops.push_back(elementwise("activation", "activation", 3 * tf * a, 2 * tf, layers));
  ops.push_back(gemm("down", t, d, f, w, a, layers));
  return ops;
}

std::vector<Operator> CostModel::head_operators(std::int64_t sampled) const {
  if (sampled == 0) return {};
  const std::int64_t vocabulary = model_.vocabulary / ranks_;
  const double sd = static_cast<double>(sampled) * static_cast<double>(model_.hidden);
  const double logits = static_cast<double>(sampled) * static_cast<double>(model_.vocabulary);
  return {elementwise("final norm", "norm", 4 * sd * model_.activation_bytes, 7 * sd, 1),
          gemm("head", sampled, vocabulary, model_.hidden, model_.weight_bytes, model_.activation_bytes, 1),
          elementwise("sampling", "softmax", 4 * logits, logits, 1)};
}

Operator CostModel::prefill_attention(const Batch& b) const {
  const double q = static_cast<double>(model_.query_heads / ranks_ * model_.head_dim);
  const double kv = static_cast<double>(kv_heads_ * model_.head_dim);
  const double bytes = 2.0 * static_cast<double>(b.prefill_tokens.value()) * q * model_.activation_bytes +
                       2.0 * static_cast<double>(b.prefill_context.value()) * kv * model_.kv_bytes;
  return {.name = "prefill attention",
          .kernel = "prefill_attention",
          .kind = OperatorKind::prefill_attention,
          .flops = Flops(4.0 * static_cast<double>(b.score_pairs) * q),
          .bytes = bytes,
          .repeats = model_.layers,
          .m = b.prefill_tokens.value(),
          .n = b.prefill_context.value(),
          .k = model_.head_dim,
          .sequences = b.chunks};
}

Operator CostModel::decode_attention(const Batch& b) const {
  const double q = static_cast<double>(model_.query_heads / ranks_ * model_.head_dim);
  const double kv = static_cast<double>(kv_heads_ * model_.head_dim);
  const double context = static_cast<double>(b.decode_context.value());
  const double bytes =
      2.0 * context * kv * model_.kv_bytes + 2.0 * static_cast<double>(b.decodes) * q * model_.activation_bytes;
  return {.name = "decode attention",
          .kernel = "decode_attention",
          .kind = OperatorKind::decode_attention,
          .flops = Flops(4.0 * context * q),
          .bytes = bytes,
          .repeats = model_.layers,
          .m = b.decodes,
          .n = b.decode_context.value(),
          .k = model_.head_dim,
          .sequences = b.decodes};
}

/// The roofline with its ridge: seconds of `repeats` equal kernels.
StepTime CostModel::roofline(OperatorKind kind, double flops, double bytes, double repeats) const {
  const Roof& roof = roofs_[static_cast<std::size_t>(kind)];
  const double tc = flops * roof.seconds_per_flop, tm = bytes * roof.seconds_per_byte;
  StepTime out;
  (tc >= tm ? out.compute : out.bandwidth) = Seconds(p_norm(tc, tm, profile_.ridge_exponent) * repeats);
  out.overhead = launch_ * repeats;
  return out;
}

LawBook::Found CostModel::law_of(const Operator& op) const {
  switch (op.kind) {
    case OperatorKind::gemm:
      return laws_.find(op.kernel, model_.weight_bytes);
    case OperatorKind::prefill_attention:
      return prefill_law_;
    case OperatorKind::decode_attention:
      return decode_law_;
    default:
      return laws_.find(op.kernel, model_.activation_bytes);
  }
}

/// Seconds of all repeats by a fitted law.
StepTime CostModel::by_law(const LawBook::Found& found, const Operator& op) const {
  const calib::LawTimer::Answer answer = found.timer->of(work_of(op));
  const double repeats = static_cast<double>(op.repeats);
  const Seconds time = answer.time * repeats;
  StepTime out;
  out.measured = time;
  if (!found.exact || answer.extrapolated) out.extrapolated = time;
  if (op.kind == OperatorKind::all_reduce) {
    out.communication = time;
    return out;
  }
  out.overhead = std::min(time, found.timer->fixed() * repeats);
  (answer.by_compute ? out.compute : out.bandwidth) = time - out.overhead;
  return out;
}

StepTime CostModel::time_of(const Operator& op) const {
  const double repeats = static_cast<double>(op.repeats);
  StepTime out;
  if (table_ != nullptr) {
    if (const Seconds measured = table_->time(op); measured >= Seconds(0)) {
      (op.kind == OperatorKind::all_reduce ? out.communication : out.bandwidth) = out.measured = measured * repeats;
      return out;
    }
  }
  if (const LawBook::Found found = law_of(op); found.law != nullptr) return by_law(found, op);
  if (op.kind == OperatorKind::all_reduce) {
    const double share = 2.0 * static_cast<double>(ranks_ - 1) / static_cast<double>(ranks_);
    const double seconds =
        in_seconds(machine_.collective_latency).value() + share * op.bytes / machine_.collective_bandwidth.value();
    out.communication = Seconds(seconds * repeats);
    return out;
  }
  return roofline(op.kind, op.flops.value(), op.bytes, repeats);
}

StepTime CostModel::sum_of(const std::vector<Operator>& operators) const {
  StepTime sum;
  for (const Operator& op : operators) sum += time_of(op);
  return sum;
}

const StepTime& CostModel::linear(std::int64_t tokens) {
  const auto i = static_cast<std::size_t>(tokens);
  if (i >= linear_.size()) linear_.resize(i + 1, StepTime{.overhead = Seconds(-1)});
  if (linear_[i].overhead < Seconds(0)) linear_[i] = sum_of(linear_operators(tokens));
  return linear_[i];
}

const StepTime& CostModel::head(std::int64_t sampled) {
  const auto i = static_cast<std::size_t>(sampled);
  if (i >= head_.size()) head_.resize(i + 1, StepTime{.overhead = Seconds(-1)});
  if (head_[i].overhead < Seconds(0)) head_[i] = sum_of(head_operators(sampled));
  return head_[i];
}

StepTime CostModel::step(const Batch& batch) {
  StepTime sum = linear(batch.tokens().value());
  sum += head(batch.sampled);
  if (batch.chunks > 0) sum += time_of(prefill_attention(batch));
  if (batch.decodes > 0) sum += time_of(decode_attention(batch));
  sum.overhead += in_seconds(profile_.step_overhead);
  return batch.copies_in || batch.copies_out ? slow_downs_.applied(sum, batch.copies_in, batch.copies_out) : sum;
}

Duration CostModel::prefill_alone(Tokens from, Tokens to, Tokens budget) {
  Duration total{0};
  while (from < to) {
    const Tokens chunk = std::min(budget, to - from);
    Batch batch;
    batch.add_chunk(chunk, from);
    from += chunk;
    batch.sampled = from == to ? 1 : 0;
    total += duration(batch);
  }
  return total;
}

std::vector<Operator> CostModel::operators(const Batch& batch) const {
  std::vector<Operator> ops = linear_operators(batch.tokens().value());
  if (batch.chunks > 0) ops.push_back(prefill_attention(batch));
  if (batch.decodes > 0) ops.push_back(decode_attention(batch));
  for (const Operator& op : head_operators(batch.sampled)) ops.push_back(op);
  return ops;
}

}  // namespace tiersim
