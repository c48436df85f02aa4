// GreedyDual-Size-Frequency (Cherkasova, 1998) with the cost of recomputing: a block's worth is L + uses x cost, the
// least worthy goes and L becomes its worth, so that what is not used ages. Blocks are of one size, so cost per byte is
// cost. Recomputing a block at position p costs its linear layers, 1, and attention over what comes before it:
// p x block tokens / `even` more, `even` being the context at which both cost the same. Ties: least recently used
// first. O(log resident) per use.
#include "sim/core/index_heap.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

class Gdsf {
 public:
  explicit Gdsf(const SlotSetup& setup)
      : heap_(setup.slots),
        uses_(setup.slots),
        cost_per_position_(static_cast<double>(setup.block_tokens.value()) / setup.parameters.number("even")) {}
  static constexpr bool kHitsMatter = true;
  static constexpr bool kPositionsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch& touch) {
    uses_[slot] = 1;
    heap_.push(slot, key_of(slot, touch));
  }
  void hit(std::uint32_t slot, const SlotTouch& touch) {
    ++uses_[slot];
    heap_.update(slot, key_of(slot, touch));
  }
  void erase(std::uint32_t slot) { heap_.erase(slot); }
  std::uint32_t evict(std::uint32_t) {
    if (heap_.empty()) return kNoSlot;
    age_ = heap_.top_key().worth;
    return heap_.pop();
  }

 private:
  struct Key {
    double worth = 0;
    std::uint64_t last = 0;
    bool operator<(const Key& o) const { return worth != o.worth ? worth < o.worth : last < o.last; }
  };

  Key key_of(std::uint32_t slot, const SlotTouch& touch) {
    const double cost = 1 + static_cast<double>(touch.position) * cost_per_position_;
    return {age_ + static_cast<double>(uses_[slot]) * cost, ++now_};
  }

  IndexHeap<Key> heap_;
  ZeroedArray<std::uint32_t> uses_;
  double cost_per_position_, age_ = 0;
  std::uint64_t now_ = 0;
};

TIERSIM_REGISTER_EVICTION("gdsf", Gdsf, "least uses x cost of recomputing, aged (GreedyDual-Size-Frequency, 1998)",
                          {{"even", ParameterKind::tokens, "32768 tokens",
                            "context at which a block's attention costs as much as its linear layers"}});

}  // namespace
}  // namespace tiersim
