// Random: any block goes, each with the same chance. The yardstick for policies that claim to know something; from a
// seed of its own, so the same run gives the same victims.
#include <vector>

#include "sim/core/rng.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

class Random {
 public:
  explicit Random(const SlotSetup& setup) : place_(setup.slots), rng_(Rng(setup.seed).fork("random eviction")) {}
  static constexpr bool kHitsMatter = false;

  void insert(std::uint32_t slot, const SlotTouch&) {
    place_[slot] = static_cast<std::uint32_t>(members_.size());
    members_.push_back(slot);
  }
  void hit(std::uint32_t, const SlotTouch&) {}
  void erase(std::uint32_t slot) {
    place_[members_.back()] = place_[slot];
    members_[place_[slot]] = members_.back();
    members_.pop_back();
  }
  std::uint32_t evict(std::uint32_t) {
    if (members_.empty()) return kNoSlot;
    const std::uint32_t slot = members_[rng_.below(members_.size())];
    erase(slot);
    return slot;
  }

 private:
  std::vector<std::uint32_t> members_;  // in no order
  ZeroedArray<std::uint32_t> place_;    // by slot, in members_
  Rng rng_;
};

TIERSIM_REGISTER_EVICTION("random", Random, "any block, each with the same chance (RAND in Belady, 1966)", {});

}  // namespace
}  // namespace tiersim
