// LRU: the block whose last use (arrival or hit) is longest ago goes first; of one sequence touched from its head the
// head was used first. In a tier pinned blocks are stepped over and keep their place.
#include "sim/core/index_list.hpp"
#include "sim/memory/lru_blocks.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

class Lru {
 public:
  explicit Lru(const SlotSetup& setup) : list_(setup.slots) {}
  static constexpr bool kHitsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch&) { list_.push_back(slot); }
  void hit(std::uint32_t slot, const SlotTouch&) { list_.move_to_back(slot); }
  void erase(std::uint32_t slot) { list_.erase(slot); }
  std::uint32_t evict(std::uint32_t) { return list_.empty() ? kNoSlot : list_.pop_front(); }

 private:
  IndexList list_;  // by last use
};

constexpr const char* kSummary = "least recently used (at arrival or hit) first (Mattson et al., 1970; LMCache)";
using LruFrames = FrameEviction<Lru>;
TIERSIM_REGISTER(EvictionPolicy, "lru", LruFrames, kSummary, {});
TIERSIM_REGISTER(BlockCache, "lru", LruBlocks, kSummary, {});

}  // namespace
}  // namespace tiersim
