#pragma once
/// Sum over decoding sequences of the context that a sliding window lets them attend to, kept per change.
///
/// A sequence that attends to n tokens, its new one included, counts min(n, window). Sequences below the window are
/// counted by the residue of their base (context - steps taken, fixed while one decodes) modulo the window; those whose
/// turn it is to reach it are all in one slot, so that a step costs one look-up. Called by DecodeSet with its own step
/// counter. Contexts are at least 0. O(1) per call, O(window) memory; a window of 0 keeps nothing. Exact.
#include <cstdint>
#include <vector>

namespace tiersim {

class WindowSum {
 public:
  explicit WindowSum(std::int64_t window) : window_(window), below_(static_cast<std::size_t>(window)) {}

  [[nodiscard]] std::int64_t window() const { return window_; }
  /// Over `size` sequences in the step after `step` others.
  [[nodiscard]] std::int64_t attended(std::int64_t size, std::int64_t step) const {
    return (size - count_) * window_ + bases_ + count_ * (step + 1);
  }
  void join(std::int64_t base, std::int64_t step) {
    if (is_below(base, step)) change(base, 1);
  }
  void leave(std::int64_t base, std::int64_t step) {
    if (is_below(base, step)) change(base, -1);
  }
  /// The counter has become `step`.
  void advance(std::int64_t step) {
    if (window_ == 0) return;
    const std::int64_t base = window_ - 1 - step;  // of those that attend to a whole window now
    if (const std::int64_t arrived = below_[slot(base)]; arrived > 0) change(base, -arrived);
  }

 private:
  [[nodiscard]] bool is_below(std::int64_t base, std::int64_t step) const { return base + step + 1 < window_; }
  void change(std::int64_t base, std::int64_t count) {
    below_[slot(base)] += count;
    count_ += count;
    bases_ += count * base;
  }
  [[nodiscard]] std::size_t slot(std::int64_t base) const {
    const std::int64_t r = base % window_;
    return static_cast<std::size_t>(r < 0 ? r + window_ : r);
  }

  std::int64_t window_;
  std::int64_t count_ = 0, bases_ = 0;  // of the sequences below the window
  std::vector<std::int64_t> below_;     // how many, by residue of their base
};

}  // namespace tiersim
