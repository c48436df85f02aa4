#pragma once
/// How long one step of the engine takes on one tensor-parallel group, and what bounds it.
///
/// A step runs every sequence's new tokens through all layers at once: the linear operators see the sum of the tokens,
/// the attention of prefill chunks and of decoding sequences are one kernel each, or one for both where engines run it
/// so. An operator's time is that of the law fitted to its kernel, where the profile has one (sim/cost/law_book.hpp),
/// else
///   launch + (tc^p + tm^p)^(1/p),   tc = FLOPs / (peak x efficiency),   tm = bytes / (HBM x efficiency)
/// (hw datasheet x calib profile; Williams et al., Roofline, 2009, with the p-norm at the ridge).
/// Communication between n ranks without a law, by latency alpha and bus bandwidth:
/// all-reduce alpha + 2 (n - 1)/n bytes / bandwidth (ring), both by the size of the message (hw/collective_spec.hpp),
/// all-to-all alpha + (n - 1)/n bytes / bandwidth (GenZ; Bambhaniya et al., 2024), send alpha + bytes / bandwidth.
/// Prefill attention: also what keys and values are read again (sim/cost/attention_io.hpp); beside chunks, a decoding
/// sequence's scores count as a whole tile's where the GPU's kernel is such (GpuSpec::mixed_attention_tile). Which
/// operators a step has, and their FLOPs and bytes: sim/cost/operators.hpp. Copies of KV beside a step lengthen it
/// (sim/cost/slow_down.hpp). A step too large for a CUDA graph takes at least as long as the CPU takes to launch its
/// kernels one by one, while the GPU runs those before. Left out: skew between ranks; without laws also tile
/// quantisation (sim/README.md says why) and clocks under load.
///
/// Called by the serving room once per step. Linear parts depend on a token count alone and are computed once per
/// count, so a step costs a few additions and a square root; it allocates nothing once its shape has been seen. Not
/// thread-safe (the cache); one instance per run. Deterministic.
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "calib/profile.hpp"
#include "hw/device_spec.hpp"
#include "models/model_spec.hpp"
#include "sim/core/units.hpp"
#include "sim/cost/law_book.hpp"
#include "sim/cost/operators.hpp"
#include "sim/cost/slow_down.hpp"
#include "sim/cost/step_time.hpp"

namespace tiersim {

/// Where an operator's time comes from, the surest first.
enum class Provenance {
  law,           ///< fitted to its kernel
  stand_in,      ///< fitted to a like kernel, or to another type
  extrapolated,  ///< by a law beyond the range that it was fitted to
  datasheet,     ///< peaks times the profile's efficiencies, or the machine's collectives
};

class CostModel {
 public:
  /// `ranks`: the GPUs that work on one step. `captured`: tokens of the largest step that is a CUDA graph.
  CostModel(const models::ModelSpec& model, const hw::MachineSpec& machine, const calib::Profile& profile, Ranks ranks,
            Tokens captured = Tokens(INT64_MAX));
  CostModel(const CostModel&) = delete;  // it points into its own laws
  CostModel& operator=(const CostModel&) = delete;
  CostModel(CostModel&&) = default;
  CostModel& operator=(CostModel&&) = default;

  /// A batch to be filled, with the model's window.
  [[nodiscard]] Batch empty_batch() const;
  [[nodiscard]] StepTime step(const Batch& batch);
  [[nodiscard]] Duration duration(const Batch& batch) { return rounded(step(batch).total()); }
  /// Prefilling tokens [from, to) of one sequence alone, in chunks of at most `budget` tokens.
  [[nodiscard]] Duration prefill_alone(Tokens from, Tokens to, Tokens budget);
  /// Every operator of a step, in the order of execution, for explanations; step() adds the same, alone.
  [[nodiscard]] Operators operators(const Batch& batch) const;
  [[nodiscard]] StepTime time_of(const Operator& op) const;
  /// What the CPU takes to launch a step's kernels one by one; 0 for a step that is a graph.
  [[nodiscard]] Seconds launches(Tokens tokens, std::int64_t kernels) const;
  [[nodiscard]] Provenance provenance_of(const Operator& op) const;
  [[nodiscard]] const calib::Profile& profile() const { return profile_; }

 private:
  struct Part {
    StepTime time{.overhead = Seconds(-1)};  // below 0: not yet computed
    std::int64_t kernels = 0;
  };
  [[nodiscard]] const Part& linear(std::int64_t tokens);
  [[nodiscard]] const Part& head(std::int64_t sampled);
  void know(std::initializer_list<const char*> kernels, double element_bytes);
  [[nodiscard]] LawBook::Found law_of(const Operator& op) const;
  [[nodiscard]] static StepTime by_law(const LawBook::Found& found, const Operator& op);
  [[nodiscard]] StepTime between_ranks(const Operator& op) const;
  [[nodiscard]] StepTime roofline(OperatorKind kind, double flops, double bytes, double repeats) const;
  [[nodiscard]] Seconds all_reduce(const Operator& op) const;
  [[nodiscard]] Part sum_of(const Operators& operators) const;

  models::ModelSpec model_;
  hw::MachineSpec machine_;
  calib::Profile profile_;
  Tokens window_;
  StepOperators operators_;
  LawBook laws_;
  SlowDowns slow_downs_;
  struct KnownLaw {
    const char* kernel = "";
    LawBook::Found found;
  };
  std::vector<KnownLaw> known_;  // of every kernel that a step has
  bool fused_ = false;           // attention over chunks and decoding sequences is one kernel
  bool fused_experts_ = false;   // the profile has all that routed experts compute as one kernel, in their type
  Operators of_batch_;           // of the step under way
  struct Roof {
    double seconds_per_flop = 0, seconds_per_byte = 0;
  };
  std::array<Roof, 4> roofs_;  // by OperatorKind; communication has none
  Seconds launch_;
  Tokens captured_;
  std::vector<Part> linear_, head_;  // by count
};

}  // namespace tiersim
