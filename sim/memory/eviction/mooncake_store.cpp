// Mooncake Store (its documentation and eviction_strategy.h, 2025): a store of objects that evicts in rounds. When it
// is fuller than `watermark`, the least recently used `batch` of what it holds leaves at once. A use grants a lease of
// `lease`, during which an object stays; the first `pinned` tokens of a request are soft-pinned for `soft_pin` after a
// use and leave only if nothing else can. What finds no room is not stored. Departs from the store, whose rounds only
// come near to the order of use, in keeping it exactly. In a tier with a clock the rounds are the tier's matter, so
// this policy is one of replays.
#include <algorithm>

#include "sim/core/index_lists.hpp"
#include "sim/core/registry.hpp"
#include "sim/memory/stepped_cache.hpp"

namespace tiersim {
namespace {

class MooncakeStore final : public SteppedCache<MooncakeStore> {
 public:
  explicit MooncakeStore(const BlockCacheSetup& setup)
      : SteppedCache(setup),
        lists_(setup.blocks, 2),
        list_(setup.blocks),
        used_(setup.blocks),
        high_(share(setup, setup.parameters.number("watermark"))),
        batch_(setup.parameters.number("batch")),
        lease_(static_cast<std::int64_t>(setup.parameters.number("lease"))),
        soft_pin_(static_cast<std::int64_t>(setup.parameters.number("soft_pin"))),
        pinned_blocks_(static_cast<std::uint64_t>(setup.parameters.number("pinned")) /
                       static_cast<std::uint64_t>(std::max<std::int64_t>(1, setup.block_tokens.value()))) {}

  [[nodiscard]] bool holds(std::uint32_t block) const { return lists_.contains(block); }
  void prefetch(std::uint32_t block) const { __builtin_prefetch(&used_[block], 1); }
  bool touch(std::uint32_t block, const Step& step) {
    const bool hit = lists_.contains(block);
    if (hit) {
      lists_.erase(list_[block], block);
    } else {
      if (count_ >= high_) evict_round(step.now);
      if (count_ == capacity()) return false;
      ++count_;
    }
    list_[block] = step.position < pinned_blocks_ ? kPinned : kPlain;
    used_[block] = step.now.value();
    lists_.push_back(list_[block], block);
    return hit;
  }
  [[nodiscard]] std::size_t resident() const override { return count_; }

 private:
  enum : std::uint8_t { kPlain, kPinned };
  static std::size_t share(const BlockCacheSetup& setup, double of) {
    return std::max<std::size_t>(1, static_cast<std::size_t>(of * static_cast<double>(setup.capacity)));
  }

  void evict_round(Time now) {
    const auto wanted = std::max<std::size_t>(1, static_cast<std::size_t>(batch_ * static_cast<double>(count_)));
    std::size_t evicted = take(kPlain, wanted, now.value() - lease_.value());
    evicted +=
        take(kPinned, wanted - evicted, now.value() - std::max(lease_, soft_pin_).value());  // pins that have run out
    if (evicted < wanted) take(kPinned, wanted - evicted, now.value() - lease_.value());
  }
  /// Up to `most` of a list that were last used at `before` or earlier, oldest first.
  std::size_t take(std::uint8_t list, std::size_t most, std::int64_t before) {
    std::size_t taken = 0;
    while (taken < most && !lists_.empty(list) && used_[lists_.front(list)] <= before) {
      lists_.pop_front(list);
      ++taken, --count_;
    }
    return taken;
  }

  IndexLists lists_;  // least recently used first
  ZeroedArray<std::uint8_t> list_;
  ZeroedArray<std::int64_t> used_;  // ns
  std::size_t high_, count_ = 0;
  double batch_;
  Duration lease_, soft_pin_;
  std::uint64_t pinned_blocks_;
};

TIERSIM_REGISTER(BlockCache, "mooncake_store", MooncakeStore,
                 "Mooncake Store's rounds of LRU above a watermark, with leases and soft pins",
                 {{"watermark", ParameterKind::fraction, "0.9", "of the capacity; above it a round of evictions comes"},
                  {"batch", ParameterKind::fraction, "0.05", "of what is stored, that leaves in a round"},
                  {"lease", ParameterKind::duration, "10 s", "after a use, during which an object stays"},
                  {"pinned", ParameterKind::tokens, "0 tokens", "of a request, from its start, that are soft-pinned"},
                  {"soft_pin", ParameterKind::duration, "30 min", "after a use, for which soft pins last"}});

}  // namespace
}  // namespace tiersim
