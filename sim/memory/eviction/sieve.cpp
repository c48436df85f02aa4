// SIEVE (Zhang et al., NSDI'24): a queue in order of arrival and a hand that goes from its old end to its young one. A
// hit sets a bit; the hand clears bits that it finds set and takes the first block without one, where it was: nothing
// ever moves. At the young end the hand wraps to the old one. Departs from the paper in nothing.
#include "sim/core/index_list.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

class Sieve {
 public:
  explicit Sieve(const SlotSetup& setup) : queue_(setup.slots), visited_(setup.slots) {}
  static constexpr bool kHitsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch&) { queue_.push_back(slot); }
  void hit(std::uint32_t slot, const SlotTouch&) { visited_[slot] = 1; }
  void erase(std::uint32_t slot) {
    if (hand_ == slot) hand_ = queue_.next(slot);
    queue_.erase(slot);
    visited_[slot] = 0;
  }
  std::uint32_t evict(std::uint32_t) {
    if (queue_.empty()) return kNoSlot;
    std::uint32_t at = hand_ == kNoSlot ? queue_.front() : hand_;
    while (visited_[at] != 0) {
      visited_[at] = 0;
      at = queue_.next(at);
      if (at == kNoSlot) at = queue_.front();
    }
    hand_ = queue_.next(at);
    queue_.erase(at);
    return at;
  }

 private:
  IndexList queue_;  // oldest first
  ZeroedArray<std::uint8_t> visited_;
  std::uint32_t hand_ = kNoSlot;  // none: at the old end
  static_assert(kNoSlot == IndexList::kEnd);
};

TIERSIM_REGISTER_EVICTION("sieve", Sieve, "one-bit FIFO with lazy promotion and a hand that stays (SIEVE, NSDI'24)",
                          {});

}  // namespace
}  // namespace tiersim
