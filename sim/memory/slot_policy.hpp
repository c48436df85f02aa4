#pragma once
/// A policy written once, for tiers with frames and for replays of blocks: an order over slots.
///
///   class Sieve {
///    public:
///     explicit Sieve(const SlotSetup& setup);
///     static constexpr bool kHitsMatter = true;                 // false: a hit changes nothing
///     static constexpr bool kPositionsMatter = true;            // may be left out: it does not read touch.position
///     void insert(std::uint32_t slot, const SlotTouch& touch);  // content enters a slot that was not in the order
///     void hit(std::uint32_t slot, const SlotTouch& touch);
///     void erase(std::uint32_t slot);                           // it left for another reason
///     std::uint32_t evict(std::uint32_t incoming);              // takes out the slot to go first; kNoSlot: none left
///     std::uint32_t evict(std::uint32_t incoming, Time now);    // instead, if it goes by time
///   };
///   TIERSIM_REGISTER_EVICTION("sieve", Sieve, "one-bit FIFO with lazy promotion (NSDI'24)", {});
///
/// Slots and touches: slots.hpp. `incoming` is the content that room is made for, kNoSlot where it is not known
/// (tiers); evict() may return it in a replay, if it equals no slot in the order: then it is not let in. A hit's
/// content is that of the slot's insert.
///
/// Pins are the adapter's matter (FrameEviction): a slot that evict() names while it is pinned is out of the order;
/// when its last reference goes it is the first to leave, in the order of such slots, unless a hit comes first: then it
/// enters anew. For LRU and FIFO that is "stepped over and kept in place" exactly; others forget a pinned victim's
/// history. Cost: the policy's; O(log parked) for a slot that was pinned when its turn came.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/core/registry.hpp"
#include "sim/core/zeroed_array.hpp"
#include "sim/memory/eviction.hpp"
#include "sim/memory/slots.hpp"
#include "sim/memory/stepped_cache.hpp"

namespace tiersim {

/// What a policy has let go: asked with the time where it wants it.
template <class Policy>
std::uint32_t evict_from(Policy& policy, std::uint32_t incoming, Time now) {
  if constexpr (requires { policy.evict(incoming, now); }) {
    return policy.evict(incoming, now);
  } else {
    return policy.evict(incoming);
  }
}

/// A policy as a tier's.
template <class Policy>
class FrameEviction final : public EvictionPolicy {
 public:
  explicit FrameEviction(const EvictionSetup& setup)
      : policy_(SlotSetup(setup)), touches_(setup, tree_for(setup)), state_(setup.frames) {}

  void on_insert(const BlockRun& run, Time now) override {
    for (std::size_t i = 0; i < run.frames.size(); ++i) enter(run.frames[i].value(), touches_.of(run, i, now));
  }
  void on_access(const BlockRun& run, Time now) override {
    for (std::size_t i = 0; i < run.frames.size(); ++i) {
      const std::uint32_t f = run.frames[i].value();
      const SlotTouch touch = touches_.of(run, i, now);
      if (state_[f] == State::listed) {
        policy_.hit(f, touch);
      } else if constexpr (Policy::kHitsMatter) {
        enter(f, touch);
        policy_.hit(f, touch);
      }
    }
  }
  void on_release(const BlockRun& run, Time) override {
    for (FrameId frame : run.frames) {
      const std::uint32_t f = frame.value();
      if (state_[f] != State::parked) continue;
      state_[f] = State::revived;
      revived_.emplace_back(age_.at(f), f);
      std::push_heap(revived_.begin(), revived_.end(), std::greater<>{});
    }
  }
  void on_remove(FrameId frame) override {
    const std::uint32_t f = frame.value();
    if (state_[f] == State::listed) policy_.erase(f);
    unpark(f);
    state_[f] = State::absent;
  }
  std::size_t evict(std::span<FrameId> out, const PinView& pins, Time now) override {
    std::size_t found = 0;
    while (found < out.size()) {
      const std::uint32_t f = first_to_go(now);
      if (f == kNoSlot) break;
      if (pins.pinned(FrameId(f))) {
        state_[f] = State::parked;
        age_.try_emplace(f, next_age_++);
      } else {
        unpark(f);
        state_[f] = State::absent;
        out[found++] = FrameId(f);
      }
    }
    return found;
  }

 private:
  enum class State : std::uint8_t { absent, listed, parked, revived };

  static const PrefixTree* tree_for(const EvictionSetup& setup) {
    if constexpr (requires { Policy::kPositionsMatter; })
      if (setup.tree) return &setup.tree();
    return nullptr;
  }
  void enter(std::uint32_t f, const SlotTouch& touch) {
    unpark(f);
    policy_.insert(f, touch);
    state_[f] = State::listed;
  }
  void unpark(std::uint32_t f) {
    if (state_[f] == State::parked || state_[f] == State::revived)
      age_.erase(f);  // a heap entry is dropped in its turn
  }
  std::uint32_t first_to_go(Time now) {
    while (!revived_.empty()) {
      std::pop_heap(revived_.begin(), revived_.end(), std::greater<>{});
      const auto [age, f] = revived_.back();
      revived_.pop_back();
      if (state_[f] == State::revived && age_.at(f) == age) return f;
    }
    return evict_from(policy_, kNoSlot, now);
  }

  Policy policy_;
  RunTouches touches_;
  ZeroedArray<State> state_;
  std::unordered_map<std::uint32_t, std::uint64_t> age_;          // of parked and revived frames: order of parking
  std::vector<std::pair<std::uint64_t, std::uint32_t>> revived_;  // a heap, oldest first
  std::uint64_t next_age_ = 0;
};

/// A policy as a replay's: slots are blocks.
template <class Policy>
class SlotCache final : public SteppedCache<SlotCache<Policy>> {
 public:
  explicit SlotCache(const BlockCacheSetup& setup)
      : SteppedCache<SlotCache<Policy>>(setup), policy_(SlotSetup(setup)), resident_(setup.blocks) {}

  [[nodiscard]] bool holds(std::uint32_t block) const { return resident_[block] != 0; }
  void prefetch(std::uint32_t block) const { __builtin_prefetch(&resident_[block], 1); }
  bool touch(std::uint32_t block, const Step& step) {
    const SlotTouch touch{block, step.position, step.request, step.now, step.turn};
    if (resident_[block] != 0) {
      policy_.hit(block, touch);
      return true;
    }
    if (count_ == this->capacity()) {
      const std::uint32_t victim = evict_from(policy_, block, step.now);
      if (victim == block) return false;
      resident_[victim] = 0;
    } else {
      ++count_;
    }
    policy_.insert(block, touch);
    resident_[block] = 1;
    return false;
  }
  [[nodiscard]] std::size_t resident() const override { return count_; }

 private:
  Policy policy_;
  ZeroedArray<std::uint8_t> resident_;  // by block
  std::size_t count_ = 0;
};

}  // namespace tiersim

/// Both adapters under one name. Trailing arguments: the brace-enclosed list of ParameterSpec.
#define TIERSIM_REGISTER_EVICTION(name, Class, summary, ...)                   \
  using Class##Frames = ::tiersim::FrameEviction<Class>;                       \
  using Class##Blocks = ::tiersim::SlotCache<Class>;                           \
  TIERSIM_REGISTER(EvictionPolicy, name, Class##Frames, summary, __VA_ARGS__); \
  TIERSIM_REGISTER(BlockCache, name, Class##Blocks, summary, __VA_ARGS__)
