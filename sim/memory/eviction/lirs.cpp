// LIRS (Jiang, Zhang, SIGMETRICS'02): blocks whose last two uses lay close together (LIR) keep all of the capacity but
// `hir`; the others (HIR) wait in a FIFO that victims come from. A stack in order of use holds LIR blocks, HIR blocks
// and ghosts of HIR blocks that left: what is used while it is in the stack becomes LIR, and the LIR block at its
// bottom HIR. The stack is pruned so that a LIR block is at its bottom. Departs from the paper in that ghosts are
// bounded: the oldest are forgotten beyond `ghosts` times the capacity.
#include <algorithm>

#include "sim/core/index_list.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

class Lirs {
 public:
  explicit Lirs(const SlotSetup& setup)
      : slots_(static_cast<std::uint32_t>(setup.slots)),
        contents_(setup.contents),
        stack_(setup.slots + setup.contents),
        queue_(setup.slots),
        ghosts_(setup.contents),
        low_(setup.slots),
        content_(setup.slots),
        low_room_(setup.capacity - std::min(setup.capacity, std::max<std::size_t>(1, share(setup, "hir")))),
        ghost_room_(share(setup, "ghosts")) {}
  static constexpr bool kHitsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch& touch) {
    content_[slot] = touch.content;
    const bool back = touch.content < contents_ && ghosts_.contains(touch.content);
    if (back) forget(touch.content);
    stack_.push_back(slot);
    if (low_count_ < low_room_) {
      make_low(slot);
    } else if (back && low_room_ > 0) {
      make_low(slot);
      demote_bottom();
    } else {
      queue_.push_back(slot);
    }
    prune();
  }
  void hit(std::uint32_t slot, const SlotTouch&) {
    const bool stacked = stack_.contains(slot);
    if (stacked) stack_.erase(slot);
    stack_.push_back(slot);
    if (low_[slot] == 0) {
      queue_.erase(slot);
      if (stacked && low_room_ > 0) {
        make_low(slot);
        if (low_count_ > low_room_) demote_bottom();
      } else {
        queue_.push_back(slot);
      }
    }
    prune();
  }
  void erase(std::uint32_t slot) {
    if (stack_.contains(slot)) stack_.erase(slot);
    if (queue_.contains(slot)) queue_.erase(slot);
    low_count_ -= low_[slot];
    low_[slot] = 0;
    prune();
  }
  std::uint32_t evict(std::uint32_t) {
    const std::uint32_t slot = queue_.empty() ? stack_.front() : queue_.front();
    if (slot == kNoSlot) return slot;
    const bool ghost = low_[slot] == 0 && stack_.contains(slot) && content_[slot] < contents_ && ghost_room_ > 0;
    if (ghost) remember(slot);
    erase(slot);
    return slot;
  }

 private:
  static std::size_t share(const SlotSetup& setup, const char* name) {
    return static_cast<std::size_t>(setup.parameters.number(name) * static_cast<double>(setup.capacity));
  }
  [[nodiscard]] bool is_ghost(std::uint32_t entry) const { return entry >= slots_; }

  void make_low(std::uint32_t slot) {
    low_[slot] = 1;
    ++low_count_;
  }
  /// The LIR block at the bottom joins the end of the queue.
  void demote_bottom() {
    prune();
    const std::uint32_t slot = stack_.pop_front();
    low_[slot] = 0;
    --low_count_;
    queue_.push_back(slot);
  }
  void prune() {
    while (!stack_.empty() && (is_ghost(stack_.front()) || low_[stack_.front()] == 0)) {
      const std::uint32_t entry = stack_.pop_front();
      if (is_ghost(entry)) ghosts_.erase(entry - slots_), --ghost_count_;
    }
  }
  /// Its place in the stack goes to its ghost.
  void remember(std::uint32_t slot) {
    if (ghost_count_ == ghost_room_) forget(ghosts_.front());
    stack_.replace(slot, slots_ + content_[slot]);
    ghosts_.push_back(content_[slot]);
    ++ghost_count_;
  }
  void forget(std::uint32_t content) {
    stack_.erase(slots_ + content);
    ghosts_.erase(content);
    --ghost_count_;
  }

  std::uint32_t slots_;
  std::size_t contents_;
  IndexList stack_;   // slots, and from slots_ on ghosts by content; the bottom is the front
  IndexList queue_;   // HIR slots, first to go first
  IndexList ghosts_;  // contents, oldest first
  ZeroedArray<std::uint8_t> low_;
  ZeroedArray<std::uint32_t> content_;
  std::size_t low_room_, low_count_ = 0, ghost_room_, ghost_count_ = 0;
};

TIERSIM_REGISTER_EVICTION("lirs", Lirs, "by the time between the last two uses (LIRS, SIGMETRICS'02)",
                          {{"hir", ParameterKind::fraction, "0.01",
                            "of the capacity for blocks without a recent reuse"},
                           {"ghosts", ParameterKind::fraction, "1", "of the capacity remembered after leaving"}});

}  // namespace
}  // namespace tiersim
