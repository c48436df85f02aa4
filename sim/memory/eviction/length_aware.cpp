// LengthAware (Mooncake; Qin et al., 2024): like LFU, but of equally used blocks those that come later in their
// requests go first, since fewer requests can share them. Ties of both: the block that the trace mentioned first. The
// paper's wording leaves open which end of a request is kept; this is the reading under which the head is. O(log
// resident) per use.
#include "sim/core/index_heap.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

class LengthAware {
 public:
  explicit LengthAware(const SlotSetup& setup) : heap_(setup.slots) {}
  static constexpr bool kHitsMatter = true;
  static constexpr bool kPositionsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch& touch) { heap_.push(slot, {1, touch.position, touch.content}); }
  void hit(std::uint32_t slot, const SlotTouch& touch) {
    heap_.update(slot, {heap_.key(slot).uses + 1, touch.position, touch.content});
  }
  void erase(std::uint32_t slot) { heap_.erase(slot); }
  std::uint32_t evict(std::uint32_t) { return heap_.empty() ? kNoSlot : heap_.pop(); }

 private:
  struct Key {
    std::uint64_t uses = 0;
    std::uint32_t position = 0, content = kNoSlot;
    bool operator<(const Key& o) const {
      if (uses != o.uses) return uses < o.uses;
      return position != o.position ? position > o.position : content < o.content;
    }
  };

  IndexHeap<Key> heap_;
};

TIERSIM_REGISTER_EVICTION("length_aware", LengthAware,
                          "LFU, ties by later position in the request first (Mooncake, FAST'25)", {});

}  // namespace
}  // namespace tiersim
