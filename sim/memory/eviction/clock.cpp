// CLOCK (Corbato, 1968): blocks in a ring in order of arrival, a bit each for a hit since the hand last passed. The
// hand spares what has its bit set, once, and takes the first that has not; a newcomer takes its place. The ring is
// kept as a queue whose front the hand is at: spared blocks go to the back.
#include "sim/core/index_list.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

class Clock {
 public:
  explicit Clock(const SlotSetup& setup) : ring_(setup.slots), referenced_(setup.slots) {}
  static constexpr bool kHitsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch&) { ring_.push_back(slot); }
  void hit(std::uint32_t slot, const SlotTouch&) { referenced_[slot] = 1; }
  void erase(std::uint32_t slot) {
    ring_.erase(slot);
    referenced_[slot] = 0;
  }
  std::uint32_t evict(std::uint32_t) {
    if (ring_.empty()) return kNoSlot;
    while (referenced_[ring_.front()] != 0) {
      referenced_[ring_.front()] = 0;
      ring_.move_to_back(ring_.front());
    }
    return ring_.pop_front();
  }

 private:
  IndexList ring_;
  ZeroedArray<std::uint8_t> referenced_;
};

TIERSIM_REGISTER_EVICTION("clock", Clock, "FIFO that spares what was hit since the hand last passed (Corbato, 1968)",
                          {});

}  // namespace
}  // namespace tiersim
