// Mooncake Store (its documentation and eviction_strategy.h, 2025): a store of objects that evicts in rounds. When it
// is fuller than `watermark`, the least recently used `batch` of what it holds leaves at once. A use grants a lease of
// `lease`, during which an object stays; the first `pinned` tokens of a request are soft-pinned for `soft_pin` after a
// use and leave only if nothing else can. What finds no room is not stored. Departs from the store, whose rounds only
// come near to the order of use, in keeping it exactly.
//
// In a tier a round is chosen when a frame is needed and none of the last round is left, and handed out frame by frame;
// what is used before its turn is spared. There a block goes only when its frame is needed, so `watermark` says
// nothing; and what a tier has taken in it cannot refuse, so where everything is under lease the least recently used
// goes all the same, soft pins last.
#include <algorithm>

#include "sim/core/index_lists.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

/// What is stored, in the order of its last use, soft pins apart; and what a round has chosen to leave.
class Leases {
 public:
  explicit Leases(const SlotSetup& setup)
      : lists_(setup.slots, 3),
        list_(setup.slots),
        used_(setup.slots),
        batch_(setup.parameters.number("batch")),
        lease_(static_cast<std::int64_t>(setup.parameters.number("lease"))),
        soft_pin_(static_cast<std::int64_t>(setup.parameters.number("soft_pin"))),
        pinned_blocks_(setup.blocks("pinned")) {}

  [[nodiscard]] bool contains(std::uint32_t slot) const { return lists_.contains(slot); }
  [[nodiscard]] std::size_t size() const { return size_; }
  void prefetch(std::uint32_t slot) const { __builtin_prefetch(&used_[slot], 1); }

  void insert(std::uint32_t slot, std::uint32_t position, Time now) {
    list_[slot] = position < pinned_blocks_ ? kPinned : kPlain;
    used_[slot] = now.value();
    lists_.push_back(list_[slot], slot);
    ++size_;
  }
  void erase(std::uint32_t slot) {
    lists_.erase(list_[slot], slot);
    --size_;
  }
  /// Chooses `batch` of what is stored, as far as leases allow.
  void choose_round(Time now) {
    const auto wanted = std::max<std::size_t>(1, static_cast<std::size_t>(batch_ * static_cast<double>(size_)));
    std::size_t chosen = choose(kPlain, wanted, now.value() - lease_.value());
    chosen +=
        choose(kPinned, wanted - chosen, now.value() - std::max(lease_, soft_pin_).value());  // pins that have run out
    if (chosen < wanted) choose(kPinned, wanted - chosen, now.value() - lease_.value());
  }
  /// Takes out the next of those chosen; kNoSlot: none is left.
  std::uint32_t next_chosen() { return pop(kChosen); }
  /// Takes out the least recently used without a soft pin, or with one if there is no other.
  std::uint32_t break_lease() { return pop(lists_.empty(kPlain) ? kPinned : kPlain); }

 private:
  enum List : std::uint8_t { kPlain, kPinned, kChosen };

  std::uint32_t pop(List list) {
    if (lists_.empty(list)) return kNoSlot;
    --size_;
    return lists_.pop_front(list);
  }
  /// Up to `most` of a list that were last used at `before` or earlier, oldest first.
  std::size_t choose(List list, std::size_t most, std::int64_t before) {
    std::size_t chosen = 0;
    while (chosen < most && !lists_.empty(list) && used_[lists_.front(list)] <= before) {
      const std::uint32_t slot = lists_.front(list);
      lists_.move_to_back(list, kChosen, slot);
      list_[slot] = kChosen;
      ++chosen;
    }
    return chosen;
  }

  IndexLists lists_;  // least recently used first
  ZeroedArray<std::uint8_t> list_;
  ZeroedArray<std::int64_t> used_;  // ns
  std::size_t size_ = 0;
  double batch_;
  Duration lease_, soft_pin_;
  std::uint64_t pinned_blocks_;
};

class MooncakeOrder {
 public:
  explicit MooncakeOrder(const SlotSetup& setup) : leases_(setup) {}
  static constexpr bool kHitsMatter = true;
  static constexpr bool kPositionsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch& touch) { leases_.insert(slot, touch.position, touch.now); }
  void hit(std::uint32_t slot, const SlotTouch& touch) {
    leases_.erase(slot);
    leases_.insert(slot, touch.position, touch.now);
  }
  void erase(std::uint32_t slot) { leases_.erase(slot); }
  std::uint32_t evict(std::uint32_t, Time now) {
    std::uint32_t slot = leases_.next_chosen();
    if (slot != kNoSlot) return slot;
    leases_.choose_round(now);
    slot = leases_.next_chosen();
    return slot != kNoSlot ? slot : leases_.break_lease();
  }

 private:
  Leases leases_;
};

class MooncakeBlocks final : public SteppedCache<MooncakeBlocks> {
 public:
  explicit MooncakeBlocks(const BlockCacheSetup& setup)
      : SteppedCache(setup),
        leases_(SlotSetup(setup)),
        high_(std::max<std::size_t>(
            1, static_cast<std::size_t>(setup.parameters.number("watermark") * static_cast<double>(setup.capacity)))) {}

  [[nodiscard]] bool holds(std::uint32_t block) const { return leases_.contains(block); }
  void prefetch(std::uint32_t block) const { leases_.prefetch(block); }
  bool touch(std::uint32_t block, const Step& step) {
    const bool hit = leases_.contains(block);
    if (hit) {
      leases_.erase(block);
    } else {
      if (leases_.size() >= high_) evict_round(step.now);
      if (leases_.size() == capacity()) return false;
    }
    leases_.insert(block, step.position, step.now);
    return hit;
  }
  [[nodiscard]] std::size_t resident() const override { return leases_.size(); }

 private:
  void evict_round(Time now) {
    leases_.choose_round(now);
    while (leases_.next_chosen() != kNoSlot) {
    }
  }

  Leases leases_;
  std::size_t high_;
};

constexpr const char* kSummary = "Mooncake Store's rounds of LRU above a watermark, with leases and soft pins";
const std::vector<ParameterSpec> kParameters{
    {"watermark", ParameterKind::fraction, "0.9",
     "of the capacity; above it a round of evictions comes; in replays alone"},
    {"batch", ParameterKind::fraction, "0.05", "of what is stored, that leaves in a round"},
    {"lease", ParameterKind::duration, "10 s", "after a use, during which an object stays"},
    {"pinned", ParameterKind::tokens, "0 tokens", "of a request, from its start, that are soft-pinned"},
    {"soft_pin", ParameterKind::duration, "30 min", "after a use, for which soft pins last"}};

using MooncakeFrames = FrameEviction<MooncakeOrder>;
TIERSIM_REGISTER(EvictionPolicy, "mooncake_store", MooncakeFrames, kSummary, kParameters);
TIERSIM_REGISTER(BlockCache, "mooncake_store", MooncakeBlocks, kSummary, kParameters);

}  // namespace
}  // namespace tiersim
