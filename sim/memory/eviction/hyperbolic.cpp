// Hyperbolic caching (Blankstein, Sen, Freedman, ATC'17): a block's worth is its uses since it entered over its time in
// the cache, so that newcomers start high and fall by themselves. The victim is the least worthy of `sample` blocks
// drawn at random. Time counts touches of this cache. Departs from the paper in that costs are equal.
#include <vector>

#include "sim/core/rng.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

class Hyperbolic {
 public:
  explicit Hyperbolic(const SlotSetup& setup)
      : place_(setup.slots),
        sample_(static_cast<std::uint64_t>(setup.parameters.number("sample"))),
        rng_(Rng(setup.seed).fork("hyperbolic eviction")) {}
  static constexpr bool kHitsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch&) {
    place_[slot] = static_cast<std::uint32_t>(members_.size());
    members_.push_back({++now_, 1, slot});
  }
  void hit(std::uint32_t slot, const SlotTouch&) {
    ++now_;
    ++members_[place_[slot]].uses;
  }
  void erase(std::uint32_t slot) {
    place_[members_.back().slot] = place_[slot];
    members_[place_[slot]] = members_.back();
    members_.pop_back();
  }
  std::uint32_t evict(std::uint32_t) {
    if (members_.empty()) return kNoSlot;
    Member worst = members_[rng_.below(members_.size())];
    for (std::uint64_t i = 1; i < sample_; ++i) {
      const Member& other = members_[rng_.below(members_.size())];
      if (is_worse(other, worst)) worst = other;
    }
    erase(worst.slot);
    return worst.slot;
  }

 private:
  struct Member {
    std::uint64_t entered = 0, uses = 0;
    std::uint32_t slot = kNoSlot;
  };

  /// uses / age, compared without a division; of equal worth the older, so that draws in another order agree.
  [[nodiscard]] bool is_worse(const Member& a, const Member& b) const {
    const double left = static_cast<double>(a.uses) * static_cast<double>(now_ + 1 - b.entered);
    const double right = static_cast<double>(b.uses) * static_cast<double>(now_ + 1 - a.entered);
    return left != right ? left < right : a.entered < b.entered;
  }

  std::vector<Member> members_;
  ZeroedArray<std::uint32_t> place_;  // by slot, in members_
  std::uint64_t sample_, now_ = 0;
  Rng rng_;
};

TIERSIM_REGISTER_EVICTION("hyperbolic", Hyperbolic,
                          "fewest uses per time in the cache, of a sample (Hyperbolic, ATC'17)",
                          {{"sample", ParameterKind::count, "64", "blocks drawn for each eviction"}});

}  // namespace
}  // namespace tiersim
