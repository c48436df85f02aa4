#pragma once
/// The decoding sequences of one replica, kept lazily: work per change, not per sequence and step.
///
/// Every decoding sequence computes one token in every step, so its context is where it joined plus the steps since.
/// The set keeps the step counter D, the sum of (context - D), how many sequences have each residue (context - D) mod
/// B, the largest (context - D) what a sliding window lets them attend to, and a calendar of the steps at which
/// sequences finish. Then "how many need a new block now" is one look-up, and a step is one increment. A sequence whose
/// context (tokens with KV) is a multiple of B needs a block before its next token.
///
/// Called by Replica. join() after the step that ended a prefill; advance() when a step ends; leave() for those that
/// end or are preempted. join and leave O(log n), the rest O(1). No allocation once grown.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <tuple>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/units.hpp"
#include "sim/serving/largest.hpp"
#include "sim/serving/window_sum.hpp"

namespace tiersim {

/// A sequence's place in a replica: an index into its slots.
using SlotId = Id<struct SlotTag>;

class DecodeSet {
 public:
  /// What a member stores; the caller keeps it.
  struct Member {
    std::int64_t base = 0;    ///< context - D, fixed while it decodes
    std::int64_t finish = 0;  ///< D at which its last token has been produced
    std::uint64_t order = 0;  ///< running order: the lower joined the batch earlier
  };

  /// `window`: of the model's sliding windows, 0 for none.
  explicit DecodeSet(std::int64_t block_tokens, Tokens window = Tokens(0))
      : block_(block_tokens), residues_(static_cast<std::size_t>(block_tokens)), within_(window.value()) {}

  [[nodiscard]] std::int64_t size() const { return size_; }
  [[nodiscard]] std::int64_t context_of(const Member& m) const { return m.base + step_; }
  /// Sum over members of the context that this step attends to, the new token included.
  [[nodiscard]] std::int64_t attended() const { return base_sum_ + size_ * (step_ + 1); }
  /// The largest of these contexts; 0 for no members.
  [[nodiscard]] std::int64_t longest() const { return size_ == 0 ? 0 : bases_.value() + step_ + 1; }
  /// attended() with every context cut at the window.
  [[nodiscard]] std::int64_t attended_in_window() const { return within_.attended(size_, step_); }
  /// Members that need a new block in this step.
  [[nodiscard]] std::int64_t needing_block() const { return residues_[residue(-step_)]; }
  [[nodiscard]] bool needs_block(const Member& m) const { return context_of(m) % block_ == 0; }
  /// Steps until the next member finishes (at least 1), or a very large number.
  [[nodiscard]] std::int64_t steps_to_finish() const {
    return calendar_.empty() ? INT64_MAX : calendar_.front().finish - step_;
  }

  /// `context` tokens have KV; `remaining` tokens (>= 1) are still to be produced, one a step.
  Member join(SlotId slot, std::uint64_t order, std::int64_t context, std::int64_t remaining) {
    const Member m{context - step_, step_ + remaining, order};
    ++size_;
    base_sum_ += m.base;
    bases_.insert(m.base);
    ++residues_[residue(m.base)];
    within_.join(m.base, step_);
    calendar_.push_back({m.finish, order, slot});
    std::push_heap(calendar_.begin(), calendar_.end(), std::greater<>{});
    return m;
  }
  /// Takes a member out before it finishes.
  void leave(const Member& m) {
    remove_counts(m);
    const auto it =
        std::find_if(calendar_.begin(), calendar_.end(), [&](const Entry& e) { return e.order == m.order; });
    *it = calendar_.back();
    calendar_.pop_back();
    std::make_heap(calendar_.begin(), calendar_.end(), std::greater<>{});
  }
  void advance() { within_.advance(++step_); }
  /// Takes out the next member that has finished, in running order, or none().
  SlotId pop_finished() {
    if (calendar_.empty() || calendar_.front().finish > step_) return SlotId::none();
    std::pop_heap(calendar_.begin(), calendar_.end(), std::greater<>{});
    const SlotId slot = calendar_.back().slot;
    calendar_.pop_back();
    return slot;
  }
  /// Forgets the counts of a member that pop_finished() gave.
  void remove_counts(const Member& m) {
    --size_;
    base_sum_ -= m.base;
    bases_.erase(m.base);
    --residues_[residue(m.base)];
    within_.leave(m.base, step_);
  }

 private:
  struct Entry {
    std::int64_t finish;
    std::uint64_t order;
    SlotId slot;
    friend bool operator>(const Entry& a, const Entry& b) {
      return std::tie(a.finish, a.order) > std::tie(b.finish, b.order);
    }
  };
  [[nodiscard]] std::size_t residue(std::int64_t x) const {
    const std::int64_t r = x % block_;
    return static_cast<std::size_t>(r < 0 ? r + block_ : r);
  }

  std::int64_t block_;
  std::int64_t step_ = 0;  // D
  std::int64_t size_ = 0;
  std::int64_t base_sum_ = 0;
  Largest bases_;
  std::vector<std::int64_t> residues_;
  WindowSum within_;
  std::vector<Entry> calendar_;  // a heap; leave() is rare (preemption), so it may be linear
};

}  // namespace tiersim
