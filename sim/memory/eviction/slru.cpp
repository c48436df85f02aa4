// Segmented LRU (Karedla, Love, Wherry, IEEE Computer 1994): newcomers are on probation, a hit there promotes to the
// protected segment, of `protected` of the capacity; what that has too much goes back to the young end of probation.
// The least recently used on probation goes first, a protected block only when nobody is on probation.
#include "sim/core/index_lists.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

class Slru {
 public:
  explicit Slru(const SlotSetup& setup)
      : lists_(setup.slots, 2),
        protected_(setup.slots),
        room_(static_cast<std::size_t>(setup.parameters.number("protected") * static_cast<double>(setup.capacity))) {}
  static constexpr bool kHitsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch&) { lists_.push_back(kProbation, slot); }
  void hit(std::uint32_t slot, const SlotTouch&) {
    const bool was = protected_[slot] != 0;
    lists_.move_to_back(was ? kProtected : kProbation, kProtected, slot);
    if (was) return;
    protected_[slot] = 1;
    if (++count_ > room_) demote();
  }
  void erase(std::uint32_t slot) {
    lists_.erase(list_of(slot), slot);
    count_ -= protected_[slot];
    protected_[slot] = 0;
  }
  std::uint32_t evict(std::uint32_t) {
    const std::size_t list = lists_.empty(kProbation) ? kProtected : kProbation;
    const std::uint32_t slot = lists_.front(list);
    if (slot != kNoSlot) erase(slot);
    return slot;
  }

 private:
  enum : std::size_t { kProbation, kProtected };

  [[nodiscard]] std::size_t list_of(std::uint32_t slot) const {
    return protected_[slot] != 0 ? kProtected : kProbation;
  }
  void demote() {
    const std::uint32_t slot = lists_.front(kProtected);
    lists_.move_to_back(kProtected, kProbation, slot);
    protected_[slot] = 0;
    --count_;
  }

  IndexLists lists_;  // least recently used first
  ZeroedArray<std::uint8_t> protected_;
  std::size_t room_, count_ = 0;  // of the protected segment
};

TIERSIM_REGISTER_EVICTION("slru", Slru, "segmented LRU: on probation until a hit (Karedla et al., 1994)",
                          {{"protected", ParameterKind::fraction, "0.8", "of the capacity for blocks that were hit"}});

}  // namespace
}  // namespace tiersim
