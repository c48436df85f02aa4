// S3-FIFO (Yang et al., SOSP'23): newcomers enter a small FIFO (`small` of the capacity), those remembered in the ghost
// queue the main one. A hit counts up to 3. The small queue gives first while it has its share: what was hit more than
// once moves on to the main queue, its count cleared, the first that was not leaves and is remembered. The main queue
// sends what was hit round again, with one count less. The ghost queue remembers as many as the main queue may hold.
// This is the paper's rule: the small queue gives as soon as it has its share, whether or not the main queue is full.
#include <algorithm>

#include "sim/core/index_lists.hpp"
#include "sim/memory/ghosts.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

class S3Fifo {
 public:
  explicit S3Fifo(const SlotSetup& setup)
      : lists_(setup.slots, 2),
        uses_(setup.slots),
        in_main_(setup.slots),
        content_(setup.slots),
        small_room_(std::max<std::size_t>(
            1, static_cast<std::size_t>(setup.parameters.number("small") * static_cast<double>(setup.capacity)))),
        ghosts_(setup.contents, setup.capacity - std::min(setup.capacity, small_room_)) {}
  static constexpr bool kHitsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch& touch) {
    const bool back = ghosts_.contains(touch.content);
    if (back) ghosts_.forget(touch.content);
    content_[slot] = touch.content;
    uses_[slot] = 0;
    enter(slot, back);
  }
  void hit(std::uint32_t slot, const SlotTouch&) {
    if (uses_[slot] < kMostUses) ++uses_[slot];
  }
  void erase(std::uint32_t slot) {
    lists_.erase(in_main_[slot] != 0 ? kMain : kSmall, slot);
    small_count_ -= in_main_[slot] != 0 ? 0 : 1;
  }
  std::uint32_t evict(std::uint32_t) {
    if (small_count_ >= small_room_ || lists_.empty(kMain)) {
      const std::uint32_t slot = evict_small();
      if (slot != kNoSlot) return slot;
    }
    return lists_.empty(kMain) ? kNoSlot : evict_main();
  }

 private:
  enum : std::size_t { kSmall, kMain };
  static constexpr std::uint8_t kMostUses = 3;

  void enter(std::uint32_t slot, bool main) {
    in_main_[slot] = main ? 1 : 0;
    small_count_ += main ? 0 : 1;
    lists_.push_back(main ? kMain : kSmall, slot);
  }
  /// kNoSlot if all of them moved on to the main queue.
  std::uint32_t evict_small() {
    while (!lists_.empty(kSmall)) {
      const std::uint32_t slot = lists_.front(kSmall);
      erase(slot);
      if (uses_[slot] <= 1) {
        ghosts_.remember(content_[slot]);
        return slot;
      }
      uses_[slot] = 0;
      enter(slot, true);
    }
    return kNoSlot;
  }
  std::uint32_t evict_main() {
    while (uses_[lists_.front(kMain)] > 0) {
      --uses_[lists_.front(kMain)];
      lists_.move_to_back(kMain, kMain, lists_.front(kMain));
    }
    return lists_.pop_front(kMain);
  }

  IndexLists lists_;  // oldest first
  ZeroedArray<std::uint8_t> uses_, in_main_;
  ZeroedArray<std::uint32_t> content_;
  std::size_t small_room_, small_count_ = 0;
  Ghosts ghosts_;
};

TIERSIM_REGISTER_EVICTION("s3fifo", S3Fifo, "small, main and ghost FIFO queues (S3-FIFO, SOSP'23)",
                          {{"small", ParameterKind::fraction, "0.1", "of the capacity for newcomers"}});

}  // namespace
}  // namespace tiersim
