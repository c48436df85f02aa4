#pragma once
/// A recording of attention replayed under a method: what it keeps, in bytes, and what that does to attention.
///
/// Teacher-forced: queries, keys and values are the recording's, so errors are of each step alone and do not add up
/// over layers. Each decoded token sees the slots that the method has left and itself. Measures, by layer, head, step:
///
///   recall        the full row's weight on what is still held: m. L1 distance of the restricted, renormalised row to
///                 the full one is 2 (1 - m), exactly
///   output error  |o - o'| / |o| of the head's output, o' over what is held; needs values. 1 where nothing is held
///
/// Layers are replayed at once over threads; the result does not depend on how many. O(rows x tokens) per head and
/// method beside the full rows, which several methods share; two layers at a time in memory per thread.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/attention/method.hpp"
#include "sim/core/parameters.hpp"

namespace tiersim {

struct AttentionRun {
  PolicyChoice method;
  std::int64_t budget = 0;  ///< tokens of each index set after the prompt, on average
  std::uint64_t seed = 1;
};

struct AttentionResult {
  traces::AttentionShape shape;
  std::vector<float> recall;        ///< [layers][heads][steps]
  std::vector<float> output_error;  ///< the same; empty without values
  /// By layer: bytes after the prompt and after the last step, as the editor counts them; greatest ever.
  std::vector<Bytes> after_prompt, at_end, peak;
  Bytes full{0};  ///< of the full cache after the last step, all layers

  [[nodiscard]] double mean_recall() const;
  [[nodiscard]] double least_recall() const;
  /// Of every row's recall, the value that so large a share of rows falls below.
  [[nodiscard]] double recall_percentile(double share) const;
  [[nodiscard]] double mean_output_error() const;
};

/// One result for each run, in their order. Throws BadInput where the recording lacks what a method needs.
[[nodiscard]] std::vector<AttentionResult> replay_attention(const traces::AttentionSource& source,
                                                            std::span<const AttentionRun> runs, std::size_t threads);

}  // namespace tiersim
