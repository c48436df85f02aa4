// LFU: the block with the fewest uses since it entered goes first, of equal ones the least recently used. Counts begin
// at 1 and are lost with the block. Buckets of equal counts in a list, so that every step is O(1) (Shah et al., 2010).
// LMCache's LFU (sorted buckets, FIFO within one) is the same: a block enters a bucket at its last use.
#include <vector>

#include "sim/core/index_lists.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

class Lfu {
 public:
  explicit Lfu(const SlotSetup& setup)
      : slots_(setup.slots, 1), bucket_of_(setup.slots), buckets_{{1, kNoSlot, kNoSlot}} {}
  static constexpr bool kHitsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch&) { enter(slot, kOnce); }
  void hit(std::uint32_t slot, const SlotTouch&) {
    const std::uint32_t from = bucket_of_[slot], next = buckets_[from].next;
    const std::uint64_t count = buckets_[from].count + 1;
    const bool exists = next != kNoSlot && buckets_[next].count == count;
    if (!exists && from != kOnce && slots_.front(from) == slots_.back(from)) {
      buckets_[from].count = count;  // alone in its bucket
      return;
    }
    const std::uint32_t to = exists ? next : bucket_after(from, count);
    leave(slot);
    enter(slot, to);
  }
  void erase(std::uint32_t slot) { leave(slot); }
  std::uint32_t evict(std::uint32_t) {
    const std::uint32_t lowest = slots_.empty(kOnce) ? buckets_[kOnce].next : kOnce;
    if (lowest == kNoSlot) return kNoSlot;
    const std::uint32_t slot = slots_.front(lowest);
    leave(slot);
    return slot;
  }

 private:
  static constexpr std::uint32_t kOnce = 0;  // the bucket of what was used once
  struct Bucket {
    std::uint64_t count = 0;
    std::uint32_t previous = kNoSlot, next = kNoSlot;  // by count
  };

  void enter(std::uint32_t slot, std::uint32_t bucket) {
    slots_.push_back(bucket, slot);
    bucket_of_[slot] = bucket;
  }
  void leave(std::uint32_t slot) {
    const std::uint32_t bucket = bucket_of_[slot];
    slots_.erase(bucket, slot);
    if (bucket != kOnce && slots_.empty(bucket)) unlink(bucket);
  }
  /// A new bucket behind another.
  std::uint32_t bucket_after(std::uint32_t before, std::uint64_t count) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(buckets_.size()));
      buckets_.emplace_back();
      slots_.grow(buckets_.size());
    }
    const std::uint32_t made = free_.back();
    free_.pop_back();
    const std::uint32_t after = buckets_[before].next;
    buckets_[made] = {count, before, after};
    if (after != kNoSlot) buckets_[after].previous = made;
    buckets_[before].next = made;
    return made;
  }
  void unlink(std::uint32_t bucket) {
    const auto [count, previous, next] = buckets_[bucket];
    buckets_[previous].next = next;
    if (next != kNoSlot) buckets_[next].previous = previous;
    free_.push_back(bucket);
  }

  IndexLists slots_;  // by bucket, least recently used first
  ZeroedArray<std::uint32_t> bucket_of_;
  std::vector<Bucket> buckets_;  // kOnce is always there, empty or not: most newcomers never leave it
  std::vector<std::uint32_t> free_;
};

TIERSIM_REGISTER_EVICTION(
    "lfu", Lfu, "fewest uses since it entered, ties least recently used first (in-cache LFU; LMCache's ties are FIFO)",
    {});

}  // namespace
}  // namespace tiersim
