// FIFO: the block that arrived first goes first; a hit changes nothing. In a tier pinned blocks are stepped over and
// keep their place.
#include <algorithm>

#include "sim/core/index_list.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

class Fifo {
 public:
  explicit Fifo(const SlotSetup& setup) : queue_(setup.slots) {}
  static constexpr bool kHitsMatter = false;

  void insert(std::uint32_t slot, const SlotTouch&) { queue_.push_back(slot); }
  void hit(std::uint32_t, const SlotTouch&) {}
  void erase(std::uint32_t slot) { queue_.erase(slot); }
  std::uint32_t evict(std::uint32_t) { return queue_.empty() ? kNoSlot : queue_.pop_front(); }

 private:
  IndexList queue_;  // by arrival
};

/// Without pins and removals a block is resident for as long as fewer than `capacity` have entered after it: one number
/// a block, no queue.
class FifoBlocks final : public SteppedCache<FifoBlocks> {
 public:
  explicit FifoBlocks(const BlockCacheSetup& setup)
      : SteppedCache(setup),
        room_(static_cast<std::uint32_t>(std::min<std::size_t>(setup.capacity, setup.blocks))),
        entered_(setup.blocks),
        next_(room_ + 1) {}

  [[nodiscard]] bool holds(std::uint32_t block) const { return next_ - entered_[block] <= room_; }
  void prefetch(std::uint32_t block) const { __builtin_prefetch(&entered_[block], 1); }
  bool touch(std::uint32_t block, const Step&) {
    std::uint32_t& entered = entered_[block];
    const bool hit = next_ - entered <= room_;
    entered = hit ? entered : next_;
    next_ += hit ? 0 : 1;
    if (next_ == UINT32_MAX) renumber();
    return hit;
  }
  [[nodiscard]] std::size_t resident() const override { return std::min(room_, next_ - room_ - 1); }

 private:
  /// Once in four billion arrivals: numbers begin anew.
  void renumber() {
    for (std::size_t b = 0; b < entered_.size(); ++b) {
      const std::uint32_t age = next_ - entered_[b];
      entered_[b] = age <= room_ ? 2 * room_ + 1 - age : 0;
    }
    next_ = 2 * room_ + 1;
  }

  std::uint32_t room_;
  ZeroedArray<std::uint32_t> entered_;  // by block: its number of arrival, from room + 1 on; 0: never
  std::uint32_t next_;
};

constexpr const char* kSummary = "first in, first out; a hit changes nothing (Belady, 1966)";
using FifoFrames = FrameEviction<Fifo>;
TIERSIM_REGISTER(EvictionPolicy, "fifo", FifoFrames, kSummary, {});
TIERSIM_REGISTER(BlockCache, "fifo", FifoBlocks, kSummary, {});

}  // namespace
}  // namespace tiersim
