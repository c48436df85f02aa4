// MRU: the block used last goes first. What is best when everything is read round and round, and one of LMCache's
// choices (its others are lru, lfu and fifo here).
#include "sim/core/index_list.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

class Mru {
 public:
  explicit Mru(const SlotSetup& setup) : list_(setup.slots) {}
  static constexpr bool kHitsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch&) { list_.push_back(slot); }
  void hit(std::uint32_t slot, const SlotTouch&) { list_.move_to_back(slot); }
  void erase(std::uint32_t slot) { list_.erase(slot); }
  std::uint32_t evict(std::uint32_t) {
    if (list_.empty()) return kNoSlot;
    const std::uint32_t slot = list_.back();
    list_.erase(slot);
    return slot;
  }

 private:
  IndexList list_;  // by last use
};

TIERSIM_REGISTER_EVICTION("mru", Mru, "most recently used first (one of LMCache's)", {});

}  // namespace
}  // namespace tiersim
