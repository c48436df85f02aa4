// Workload-aware eviction after "KVCache Cache in the Wild" (Wang et al., ATC'25): how likely a block is used again,
// and how soon, differs by kind of request and is stable over hours, so it can be learned. Kinds are turns of a
// conversation here: first, second, ..., the last kind all later ones. Of each kind two numbers are kept: the share of
// uses that was followed by another, and the mean time until then; times are taken as exponential, as the paper finds
// them. The worth of a block is the chance of a use within `horizon`, given its age; within a kind that falls with age,
// so only the oldest of each kind are compared. Of blocks of one age those later in their request go first. Learning
// forgets: both numbers weigh the past by halves of `memory` uses.
#include <algorithm>
#include <vector>

#include "sim/core/index_lists.hpp"
#include "sim/core/mathematics.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

/// What is known of the uses of one kind of request.
class Reuse {
 public:
  explicit Reuse(double half_life) : keep_(exponential(-0.6931471805599453 / half_life)) {}
  void used() { uses_ = keep_ * uses_ + 1, again_ *= keep_, time_ *= keep_; }
  void used_again(double seconds) { again_ += 1, time_ += seconds; }
  /// The chance of a use in the next `horizon` seconds of a block that was used `age` seconds ago. Before anything is
  /// known half of all uses are taken to be followed by another within a minute.
  [[nodiscard]] double chance(double age, double horizon) const {
    const double share = std::min(1.0, (again_ + 1) / (uses_ + 2));
    const double rate = (again_ + 1) / (time_ + 60);
    const double still = share * exponential(-rate * age);  // used again, but not yet
    return still * (1 - exponential(-rate * horizon)) / (1 - share + still);
  }

 private:
  double keep_, uses_ = 0, again_ = 0, time_ = 0;
};

class WorkloadAware {
 public:
  explicit WorkloadAware(const SlotSetup& setup)
      : kinds_(std::max<std::size_t>(1, static_cast<std::size_t>(setup.parameters.number("kinds")))),
        contents_(static_cast<std::uint32_t>(setup.contents)),
        horizon_(setup.parameters.number("horizon") * 1e-9),
        reuse_(kinds_, Reuse(std::max(1.0, setup.parameters.number("memory")))),
        lists_(setup.slots, kinds_),
        kept_at_(setup.slots),
        uses_(setup.contents + setup.slots) {}
  static constexpr bool kHitsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch& touch) {
    kept_at_[slot] = place_of(slot, touch);
    Use& use = uses_[kept_at_[slot]];
    if (touch.content >= contents_) use.seen = 0;  // not what the slot held before
    if (touch.content != learned_) learn(use, touch.now);
    learned_ = kNoSlot;
    put(slot, use, touch);
  }
  void hit(std::uint32_t slot, const SlotTouch& touch) {
    Use& use = uses_[place_of(slot, touch)];
    lists_.erase(use.kind, slot);
    learn(use, touch.now);
    put(slot, use, touch);
  }
  void erase(std::uint32_t slot) { lists_.erase(uses_[kept_at_[slot]].kind, slot); }
  /// What the newcomer's return tells counts already.
  std::uint32_t evict(std::uint32_t incoming, Time now) {
    if (incoming != kNoSlot) learn(uses_[learned_ = incoming], now);
    std::size_t worst = kinds_;
    double least = 2;
    for (std::size_t kind = 0; kind < kinds_; ++kind) {
      if (lists_.empty(kind)) continue;
      const double age = static_cast<double>(now.value() - uses_[kept_at_[lists_.front(kind)]].at) * 1e-9;
      const double chance = reuse_[kind].chance(age, horizon_);
      if (chance < least) least = chance, worst = kind;
    }
    return worst == kinds_ ? kNoSlot : lists_.pop_front(worst);
  }

 private:
  struct Use {
    std::int64_t at;  // ns
    std::uint32_t kind, seen;
  };

  /// Contents with an identity are remembered when they have left.
  [[nodiscard]] std::uint32_t place_of(std::uint32_t slot, const SlotTouch& touch) const {
    return touch.content < contents_ ? touch.content : contents_ + slot;
  }
  void learn(const Use& last, Time now) {
    if (last.seen != 0) reuse_[last.kind].used_again(static_cast<double>(now.value() - last.at) * 1e-9);
  }
  void put(std::uint32_t slot, Use& use, const SlotTouch& touch) {
    use = {touch.now.value(), static_cast<std::uint32_t>(std::min<std::size_t>(touch.turn, kinds_ - 1)), 1};
    reuse_[use.kind].used();
    lists_.push_back(use.kind, slot);
  }

  std::size_t kinds_;
  std::uint32_t contents_, learned_ = kNoSlot;
  double horizon_;                      // s
  std::vector<Reuse> reuse_;            // by kind
  IndexLists lists_;                    // slots by kind, least recently used first
  ZeroedArray<std::uint32_t> kept_at_;  // by slot: in uses_
  ZeroedArray<Use> uses_;               // the last one by content, then by slot for contents without identity
};

TIERSIM_REGISTER_EVICTION(
    "workload_aware", WorkloadAware,
    "least likely used again soon, learned by turn (KVCache Cache in the Wild, ATC'25)",
    {{"kinds", ParameterKind::count, "8", "turns that are told apart; later ones count as the last"},
     {"horizon", ParameterKind::duration, "10 min", "within which a use counts"},
     {"memory", ParameterKind::count, "100000", "uses after which what was learned weighs half"}});

}  // namespace
}  // namespace tiersim
