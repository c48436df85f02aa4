// ARC (Megiddo, Modha, FAST'03): blocks seen once (T1) and more than once (T2), each an LRU, and ghosts of what left
// them (B1, B2). A ghost that comes back moves the target p of T1's size towards its side: up by |B2|/|B1| for B1's, at
// least 1, down by |B1|/|B2| for B2's. T1 gives while it is above the target, else T2. p is an integer here, the ratio
// rounded down. In a tier, where room is made before it is known for whom, p moves when the block enters.
#include <algorithm>

#include "sim/core/index_lists.hpp"
#include "sim/memory/ghosts.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

class Arc {
 public:
  explicit Arc(const SlotSetup& setup)
      : capacity_(setup.capacity),
        lists_(setup.slots, 2),
        frequent_(setup.slots),
        content_(setup.slots),
        once_(setup.contents, setup.capacity),
        often_(setup.contents, 2 * setup.capacity) {}
  static constexpr bool kHitsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch& touch) {
    const bool was_once = once_.contains(touch.content), was_often = often_.contains(touch.content);
    if (touch.content != adapted_) adapt(touch.content);
    adapted_ = kNoSlot;
    if (was_once) once_.forget(touch.content);
    if (was_often) often_.forget(touch.content);
    content_[slot] = touch.content;
    enter(slot, was_once || was_often);
    trim();
  }
  void hit(std::uint32_t slot, const SlotTouch&) {
    erase(slot);
    enter(slot, true);
  }
  void erase(std::uint32_t slot) {
    const bool often = frequent_[slot] != 0;
    lists_.erase(often ? kOften : kOnce, slot);
    --(often ? count_often_ : count_once_);
  }
  std::uint32_t evict(std::uint32_t incoming) {
    const bool returns = incoming != kNoSlot && (once_.contains(incoming) || often_.contains(incoming));
    if (returns) adapt(incoming), adapted_ = incoming;
    // A newcomer when T1 has all the room and B1 is empty: T1's oldest goes without a ghost.
    const bool forgotten = !returns && count_once_ == capacity_;
    const bool exact = incoming != kNoSlot && often_.contains(incoming) && count_once_ == target_;
    const bool from_once = count_once_ > 0 && (count_once_ > target_ || exact || count_often_ == 0);
    const std::uint32_t slot = lists_.front(from_once ? kOnce : kOften);
    if (slot == kNoSlot) return slot;
    erase(slot);
    if (!forgotten) (from_once ? once_ : often_).remember(content_[slot]);
    return slot;
  }

 private:
  enum : std::size_t { kOnce, kOften };

  void enter(std::uint32_t slot, bool often) {
    frequent_[slot] = often ? 1 : 0;
    ++(often ? count_often_ : count_once_);
    lists_.push_back(often ? kOften : kOnce, slot);
  }
  void adapt(std::uint32_t content) {
    if (once_.contains(content))
      target_ = std::min(capacity_, target_ + std::max<std::size_t>(1, often_.size() / once_.size()));
    if (often_.contains(content)) target_ -= std::min(target_, std::max<std::size_t>(1, once_.size() / often_.size()));
  }
  /// |T1| + |B1| is at most the capacity, all four together at most twice that.
  void trim() {
    while (once_.size() > 0 && count_once_ + once_.size() > capacity_) once_.drop_oldest();
    while (often_.size() > 0 && count_once_ + once_.size() + count_often_ + often_.size() > 2 * capacity_)
      often_.drop_oldest();
  }

  std::size_t capacity_, target_ = 0;
  IndexLists lists_;  // T1 and T2, least recently used first
  ZeroedArray<std::uint8_t> frequent_;
  ZeroedArray<std::uint32_t> content_;
  std::size_t count_once_ = 0, count_often_ = 0;
  Ghosts once_, often_;              // B1 and B2
  std::uint32_t adapted_ = kNoSlot;  // the incoming content that moved the target already
};

TIERSIM_REGISTER_EVICTION("arc", Arc, "recency against frequency, balanced by ghosts (ARC, FAST'03)", {});

}  // namespace
}  // namespace tiersim
