#include "sim/cost/cost_model.hpp"

#include <algorithm>
#include <cmath>

#include "sim/core/mathematics.hpp"
#include "sim/cost/attention_io.hpp"

namespace tiersim {
namespace {

double p_norm(double a, double b, double p) {
  if (p == 2.0) return std::sqrt(a * a + b * b);
  const double high = std::max(a, b), low = std::min(a, b);
  return low <= 0 ? high : high * power(1.0 + power(low / high, p), 1.0 / p);
}

calib::Work work_of(const Operator& op) {
  return {.flops = op.flops.value(),
          .bytes = op.bytes,
          .decode_flops = op.decode_flops.value(),
          .m = static_cast<double>(op.m),
          .n = static_cast<double>(op.n),
          .k = static_cast<double>(op.k),
          .operations = static_cast<double>(op.blocks),
          .sequences = static_cast<double>(op.sequences),
          .heads = static_cast<double>(op.heads),
          .kv_heads = static_cast<double>(op.kv_heads),
          .window = static_cast<double>(op.window),
          .longest = static_cast<double>(op.longest),
          .chunk = op.chunk,
          .offset = op.offset,
          .ranks = static_cast<double>(op.ranks),
          .experts = op.experts,
          .rows_per_expert = op.rows_per_expert,
          .tiles_per_expert = op.tiles_per_expert,
          .weight_bytes = op.weight_bytes};
}

}  // namespace

CostModel::CostModel(const models::ModelSpec& model, const hw::MachineSpec& machine, const calib::Profile& profile,
                     Ranks ranks, Tokens captured)
    : model_(model),
      machine_(machine),
      profile_(profile),
      window_(model.window()),
      operators_(model, ranks),
      laws_(profile),
      slow_downs_(profile),
      launch_(in_seconds(profile.launch)),
      captured_(captured) {
  const auto roof = [&](OperatorKind kind, double compute_share, double bandwidth_share) {
    roofs_[static_cast<std::size_t>(kind)] = {1.0 / (machine.gpu.half_peak().value() * compute_share),
                                              1.0 / (machine.gpu.memory_bandwidth.value() * bandwidth_share)};
  };
  roof(OperatorKind::gemm, profile.gemm_efficiency, profile.gemm_bandwidth);
  roof(OperatorKind::prefill_attention, profile.attention_efficiency, profile.attention_bandwidth);
  roof(OperatorKind::decode_attention, profile.gemm_efficiency, profile.attention_bandwidth);
  roof(OperatorKind::elementwise, profile.gemm_efficiency, profile.elementwise_bandwidth);
  const bool measured_apart = laws_.find(kernel::kPrefillAttention, model.kv_bytes).law != nullptr;
  fused_ = laws_.find(kernel::kMixedAttention, model.kv_bytes).law != nullptr ||
           (machine.gpu.mixed_attention_tile > 0 && !measured_apart);
  const char* experts = ranks.expert > 1 ? kernel::kFusedExpertRanks : kernel::kFusedExperts;
  fused_experts_ = laws_.find(experts, model.expert_bytes()).exact;
  // The most asked first.
  know({kernel::kDecodeAttention, kernel::kMixedAttention, kernel::kDecodeWindow, kernel::kLatentDecode,
        kernel::kPrefillAttention, kernel::kPrefillWindow, kernel::kDecodeWide, kernel::kPrefillWide},
       model.kv_bytes);
  know({kernel::kGemm, kernel::kThin, kernel::kGemv}, model.weight_bytes);
  know({kernel::kExperts, kernel::kFusedExperts, kernel::kFusedExpertRanks}, model.expert_bytes());
  know({kernel::kNorm, kernel::kAdd, kernel::kRotary, kernel::kActivation, kernel::kSoftmax, kernel::kScan,
        kernel::kKvWrite, kernel::kFinalNorm, kernel::kAllReduce, kernel::kAllToAll, kernel::kSend},
       model.activation_bytes);
}

void CostModel::know(std::initializer_list<const char*> kernels, double element_bytes) {
  for (const char* name : kernels) known_.push_back({name, laws_.find(name, element_bytes)});
}

Batch CostModel::empty_batch() const {
  Batch batch;
  batch.window = window_;
  return batch;
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
  for (const KnownLaw& known : known_)
    if (known.kernel == op.kernel) return known.found;  // the same name at the same address
  switch (op.kind) {
    case OperatorKind::gemm:
      return laws_.find(op.kernel, op.kernel == kernel::kExperts ? model_.expert_bytes() : model_.weight_bytes);
    case OperatorKind::prefill_attention:
    case OperatorKind::decode_attention:
      return laws_.find(op.kernel, model_.kv_bytes);
    default:
      return laws_.find(op.kernel, model_.activation_bytes);
  }
}

/// Seconds of all repeats by a fitted law.
StepTime CostModel::by_law(const LawBook::Found& found, const Operator& op) {
  const calib::LawTimer::Answer answer = found.timer->of(work_of(op));
  const double repeats = static_cast<double>(op.repeats);
  const Seconds time = answer.time * repeats;
  StepTime out;
  out.measured = time;
  if (!found.exact || answer.extrapolated) out.extrapolated = time;
  if (is_communication(op.kind)) {
    out.communication = time;
    return out;
  }
  out.overhead = std::min(time, found.timer->fixed() * repeats);
  (answer.by_compute ? out.compute : out.bandwidth) = time - out.overhead;
  return out;
}

StepTime CostModel::time_of(const Operator& op) const {
  const double repeats = static_cast<double>(op.repeats);
  if (const LawBook::Found found = law_of(op); found.law != nullptr) return by_law(found, op);
  if (is_communication(op.kind)) return between_ranks(op);
  const double again =
      op.kind == OperatorKind::prefill_attention ? kv_bytes_read_again(op, machine_.gpu, model_.activation_bytes) : 0;
  const double tile = static_cast<double>(machine_.gpu.mixed_attention_tile);
  return roofline(op.kind, op.flops.value() + tile * op.decode_flops.value(), op.bytes + again, repeats);
}

/// A ring, by the protocol for messages of this size.
Seconds CostModel::all_reduce(const Operator& op) const {
  const auto& protocols = machine_.collective_protocols;
  const auto at = std::find_if(protocols.begin(), protocols.end(),
                               [&](const auto& p) { return op.bytes < static_cast<double>(p.below.value()); });
  const bool rest = at == protocols.end();
  const Duration latency = rest ? machine_.collective_latency : at->latency;
  const BytesPerSecond bandwidth = rest ? machine_.collective_bandwidth : at->bandwidth;
  const double share = 2.0 * static_cast<double>(op.ranks - 1) / static_cast<double>(op.ranks);
  return Seconds(in_seconds(latency).value() + share * op.bytes / bandwidth.value());
}

StepTime CostModel::between_ranks(const Operator& op) const {
  const double repeats = static_cast<double>(op.repeats);
  if (op.kind == OperatorKind::all_reduce) return {.communication = all_reduce(op) * repeats};
  const double others = static_cast<double>(op.ranks - 1) / static_cast<double>(op.ranks);
  const double share = op.kind == OperatorKind::all_to_all ? others : 1.0;
  const double seconds =
      in_seconds(machine_.collective_latency).value() + share * op.bytes / machine_.collective_bandwidth.value();
  return {.communication = Seconds(seconds * repeats)};
}

Provenance CostModel::provenance_of(const Operator& op) const {
  const LawBook::Found found = law_of(op);
  if (found.law == nullptr) return Provenance::datasheet;
  if (!found.exact) return Provenance::stand_in;
  return found.timer->of(work_of(op)).extrapolated ? Provenance::extrapolated : Provenance::law;
}

CostModel::Part CostModel::sum_of(const Operators& operators) const {
  Part sum{{}, 0};
  for (const Operator& op : operators) sum.time += time_of(op), sum.kernels += op.repeats;
  return sum;
}

const CostModel::Part& CostModel::linear(std::int64_t tokens) {
  const auto i = static_cast<std::size_t>(tokens);
  if (i >= linear_.size()) linear_.resize(i + 1);
  if (linear_[i].time.overhead < Seconds(0)) linear_[i] = sum_of(operators_.linear(Tokens(tokens), fused_experts_));
  return linear_[i];
}

const CostModel::Part& CostModel::head(std::int64_t sampled) {
  const auto i = static_cast<std::size_t>(sampled);
  if (i >= head_.size()) head_.resize(i + 1);
  if (head_[i].time.overhead < Seconds(0)) head_[i] = sum_of(operators_.head(sampled));
  return head_[i];
}

Seconds CostModel::launches(Tokens tokens, std::int64_t kernels) const {
  return tokens > captured_ ? in_seconds(profile_.eager_launch) * static_cast<double>(kernels) : Seconds(0);
}

StepTime CostModel::step(const Batch& batch) {
  const Tokens tokens = batch.tokens();
  const Part &layers = linear(tokens.value()), &last = head(batch.sampled);
  StepTime sum = layers.time;
  sum += last.time;
  std::int64_t kernels = layers.kernels + last.kernels;
  of_batch_.clear();
  operators_.attention(batch, of_batch_, fused_);
  for (const Operator& op : of_batch_) sum += time_of(op), kernels += op.repeats;
  sum.overhead += std::max(Seconds(0), launches(tokens, kernels) - sum.total());
  sum.overhead += in_seconds(profile_.step_overhead);
  return batch.copies_in || batch.copies_out ? slow_downs_.applied(sum, batch.copies_in, batch.copies_out) : sum;
}

Duration CostModel::prefill_alone(Tokens from, Tokens to, Tokens budget) {
  Duration total{0};
  while (from < to) {
    const Tokens chunk = std::min(budget, to - from);
    Batch batch = empty_batch();
    batch.add_chunk(chunk, from);
    from += chunk;
    batch.sampled = from == to ? 1 : 0;
    total += duration(batch);
  }
  return total;
}

Operators CostModel::operators(const Batch& batch) const {
  Operators ops = operators_.linear(batch.tokens(), fused_experts_);
  operators_.attention(batch, ops, fused_);
  for (const Operator& op : operators_.head(batch.sampled)) ops.push_back(op);
  return ops;
}

}  // namespace tiersim
