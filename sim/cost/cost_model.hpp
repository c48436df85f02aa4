#pragma once
/// How long one step of the engine takes on one tensor-parallel group, and what bounds it.
///
/// A step runs every sequence's new tokens through all layers at once: the linear operators see the sum of the tokens,
/// the attention of prefill chunks and of decoding sequences are one kernel each. An operator's time is
/// that of the law fitted to its kernel, where the profile has one (sim/cost/law_book.hpp), else
///   launch + (tc^p + tm^p)^(1/p),   tc = FLOPs / (peak x efficiency),   tm = bytes / (HBM x efficiency)
/// (hw datasheet x calib profile; Williams et al., Roofline, 2009, with the p-norm at the ridge). A measured table
/// (OperatorTable) comes before both. All-reduces: alpha + 2 (n - 1)/n bytes / bus bandwidth (ring). FLOPs and bytes
/// follow the usual counts of a dense decoder with grouped-query attention and a gated MLP; weights are read once a
/// step. Copies of KV beside a step lengthen it (sim/cost/slow_down.hpp). Left out: skew between ranks; without laws
/// also tile quantisation and clocks under load.
///
/// Called by the serving room once per step. Linear parts depend on a token count alone and are computed once per
/// count, so a step costs a few additions and a square root. Not thread-safe (the cache); one instance per run.
/// Deterministic.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "calib/profile.hpp"
#include "hw/device_spec.hpp"
#include "models/model_spec.hpp"
#include "sim/core/units.hpp"
#include "sim/cost/law_book.hpp"
#include "sim/cost/slow_down.hpp"
#include "sim/cost/step_time.hpp"

namespace tiersim {

/// What one step computes. Contexts count the tokens attended to, the new ones included.
struct Batch {
  Tokens prefill_tokens;         ///< new tokens of all chunks
  std::int64_t chunks = 0;       ///< prefilling sequences
  std::int64_t score_pairs = 0;  ///< sum over chunks of n c + n (n + 1) / 2: (query, key) pairs, n tokens at offset c
  Tokens prefill_context;        ///< sum over chunks of c + n
  std::int64_t decodes = 0;      ///< decoding sequences, one new token each
  Tokens decode_context;         ///< sum of their contexts
  std::int64_t sampled = 0;      ///< sequences that need logits
  bool copies_in = false;        ///< while KV is copied to the GPU
  bool copies_out = false;       ///< ... or from it

  void add_chunk(Tokens tokens, Tokens offset) {
    const std::int64_t n = tokens.value(), c = offset.value();
    prefill_tokens += tokens;
    ++chunks;
    score_pairs += n * c + n * (n + 1) / 2;
    prefill_context += Tokens(c + n);
  }
  [[nodiscard]] Tokens tokens() const { return prefill_tokens + Tokens(decodes); }
};

enum class OperatorKind { gemm, prefill_attention, decode_attention, elementwise, all_reduce };

/// One kernel of a step on one rank, `repeats` times (once a layer, mostly).
struct Operator {
  const char* name = "";
  const char* kernel = "";  ///< whose law counts
  OperatorKind kind = OperatorKind::gemm;
  Flops flops{0};
  double bytes = 0;  ///< HBM traffic, or the payload of an all-reduce; fractional for sub-byte types
  std::int64_t repeats = 1;
  std::int64_t m = 0, n = 0, k = 0;  ///< GEMM shape per rank; attention: queries, keys, head elements
  std::int64_t sequences = 0;        ///< attention
};

/// Measured times that take precedence over the roofline where they cover an operator.
class OperatorTable {
 public:
  virtual ~OperatorTable() = default;
  /// The time of one repeat, or a negative value where the table does not cover the operator.
  [[nodiscard]] virtual Seconds time(const Operator& op) const = 0;
};

class CostModel {
 public:
  /// `ranks` GPUs work as one tensor-parallel group. `table` may be null and must outlive the model.
  CostModel(const models::ModelSpec& model, const hw::MachineSpec& machine, const calib::Profile& profile,
            std::int64_t ranks, const OperatorTable* table = nullptr);
  CostModel(const CostModel&) = delete;  // it points into its own laws
  CostModel& operator=(const CostModel&) = delete;
  CostModel(CostModel&&) = default;
  CostModel& operator=(CostModel&&) = default;

  [[nodiscard]] StepTime step(const Batch& batch);
  [[nodiscard]] Duration duration(const Batch& batch) { return rounded(step(batch).total()); }
  /// Prefilling tokens [from, to) of one sequence alone, in chunks of at most `budget` tokens.
  [[nodiscard]] Duration prefill_alone(Tokens from, Tokens to, Tokens budget);
  /// Every operator of a step, in the order of execution, for explanations; step() adds the same, alone.
  [[nodiscard]] std::vector<Operator> operators(const Batch& batch) const;
  [[nodiscard]] StepTime time_of(const Operator& op) const;

 private:
  [[nodiscard]] std::vector<Operator> linear_operators(std::int64_t tokens) const;
  [[nodiscard]] std::vector<Operator> head_operators(std::int64_t sampled) const;
  [[nodiscard]] Operator prefill_attention(const Batch& batch) const;
  [[nodiscard]] Operator decode_attention(const Batch& batch) const;
  [[nodiscard]] const StepTime& linear(std::int64_t tokens);
  [[nodiscard]] const StepTime& head(std::int64_t sampled);
  [[nodiscard]] LawBook::Found law_of(const Operator& op) const;
  [[nodiscard]] StepTime by_law(const LawBook::Found& found, const Operator& op) const;
  [[nodiscard]] StepTime roofline(OperatorKind kind, double flops, double bytes, double repeats) const;
  [[nodiscard]] StepTime sum_of(const std::vector<Operator>& operators) const;

  models::ModelSpec model_;
  hw::MachineSpec machine_;
  calib::Profile profile_;
  std::int64_t ranks_;
  std::int64_t kv_heads_;  // on one rank
  const OperatorTable* table_;
  LawBook laws_;
  SlowDowns slow_downs_;
  LawBook::Found prefill_law_, decode_law_;  // asked for in every step
  struct Roof {
    double seconds_per_flop = 0, seconds_per_byte = 0;
  };
  std::array<Roof, 4> roofs_;  // by OperatorKind; all_reduce has none
  Seconds launch_;
  std::vector<StepTime> linear_, head_;  // by count; overhead < 0 marks an entry not yet computed
};

}  // namespace tiersim
