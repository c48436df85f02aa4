#pragma once
/// A BlockCache in which only leaves of the prefix tree leave: resident blocks none of whose children are resident.
///
/// A request's blocks are a path: each one's parent is the block before it. They are pinned while it is under way. What
/// of the path is resident from its head on is used; the rest is let in from there on, a leaf elsewhere making room for
/// each, until no leaf is left or the order keeps the newcomer out: then the path ends there. Which leaf goes is the
/// order's:
///
///   struct Order {
///     using Key = ...;                                   // operator<: the least goes first
///     explicit Order(const SlotSetup& setup);
///     void use(std::uint32_t slot, std::uint64_t access, bool hit, const SlotTouch& touch);
///     Key key(std::uint32_t slot);                                   // asked when a slot becomes a leaf
///     bool keeps_out(std::uint32_t slot, const Key& victim) const;   // optional: rather than let the victim go
///     void settle(Time now, auto requeue);                // optional: calls requeue(slot) where keys have changed
///   };
///   TIERSIM_REGISTER_LEAF_ORDER("sglang_lru", Order, "...", {});     // leaf_frames.hpp: for tiers too
///
/// Slots are blocks here, frames in leaf_frames.hpp. `access` numbers accesses head first. O(log leaves) for a block
/// that enters or leaves and for a path's end, O(1) for others; about 20 bytes a block beside the order's.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/core/index_heap.hpp"
#include "sim/core/zeroed_array.hpp"
#include "sim/memory/block_cache.hpp"
#include "sim/memory/slots.hpp"

namespace tiersim {

/// Puts those leaves anew whose keys have changed with time.
template <class Order, class Key>
void settle_leaves(Order& order, IndexHeap<Key>& leaves, Time now) {
  const auto requeue = [&](std::uint32_t slot) {
    if (leaves.contains(slot)) leaves.update(slot, order.key(slot));
  };
  if constexpr (requires { order.settle(now, requeue); }) order.settle(now, requeue);
}

template <class Order>
class LeafCache : public BlockCache {
 public:
  explicit LeafCache(const BlockCacheSetup& setup)
      : room_(setup.capacity), order_(SlotSetup(setup)), leaves_(setup.blocks), nodes_(setup.blocks) {}

  std::uint64_t access(const Mention& mention) override {
    settle_leaves(order_, leaves_, mention.now);
    const std::uint64_t hits = use_resident(mention);
    std::uint32_t parent = kNone;
    bool open = true;
    std::uint64_t i = 0;
    for_each(mention, [&](std::uint32_t block) {
      if (open && i >= hits && !nodes_[block].resident) open = enter(block, parent, i, mention);
      parent = block;
      ++i;
    });
    for_each(mention, [&](std::uint32_t block) { expose(block); });
    now_ += i;
    return std::min(hits, mention.asked);
  }
  [[nodiscard]] std::uint64_t resident_prefix(std::span<const traces::Extent> extents) const override {
    std::uint64_t blocks = 0;
    for (const traces::Extent& e : extents)
      for (std::uint32_t i = 0; i < e.count; ++i, ++blocks)
        if (!nodes_[e.first + i].resident) return blocks;
    return blocks;
  }
  [[nodiscard]] std::size_t resident() const override { return count_; }

 private:
  using Key = typename Order::Key;
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Node {
    std::uint32_t parent, children;  // children: resident ones
    bool resident, pinned;
  };

  template <class Visit>
  static void for_each(const Mention& mention, Visit visit) {
    for (const traces::Extent& e : mention.extents)
      for (std::uint32_t i = 0; i < e.count; ++i) visit(e.first + i);
  }
  static SlotTouch touch_of(std::uint32_t block, std::uint64_t position, const Mention& mention) {
    return {block, static_cast<std::uint32_t>(position), mention.request, mention.now, mention.turn};
  }
  /// Pins the path; uses what is resident from its head on, and returns how much that is.
  std::uint64_t use_resident(const Mention& mention) {
    std::uint64_t hits = 0, i = 0;
    for_each(mention, [&](std::uint32_t block) {
      Node& node = nodes_[block];
      node.pinned = true;
      if (leaves_.contains(block)) leaves_.erase(block);
      if (hits == i && node.resident) ++hits;
      if (node.resident) order_.use(block, now_ + i, true, touch_of(block, i, mention));
      ++i;
    });
    return hits;
  }
  bool enter(std::uint32_t block, std::uint32_t parent, std::uint64_t position, const Mention& mention) {
    order_.use(block, now_ + position, false, touch_of(block, position, mention));
    if (count_ == room_ && !make_room(block)) return false;
    ++count_;
    nodes_[block] = {parent, 0, true, true};
    if (parent != kNone) ++nodes_[parent].children;
    return true;
  }
  bool make_room(std::uint32_t block) {
    if (leaves_.empty()) return false;
    if constexpr (requires { order_.keeps_out(block, leaves_.top_key()); })
      if (order_.keeps_out(block, leaves_.top_key())) return false;
    Node& victim = nodes_[leaves_.pop()];
    victim.resident = false;
    --count_;
    if (victim.parent == kNone) return true;
    Node& parent = nodes_[victim.parent];
    --parent.children;
    if (!parent.pinned) offer(victim.parent);
    return true;
  }
  /// No longer pinned.
  void expose(std::uint32_t block) {
    nodes_[block].pinned = false;
    offer(block);
  }
  void offer(std::uint32_t block) {
    const Node& node = nodes_[block];
    if (node.resident && node.children == 0 && !leaves_.contains(block)) leaves_.push(block, order_.key(block));
  }

  std::size_t room_, count_ = 0;
  Order order_;
  IndexHeap<Key> leaves_;
  ZeroedArray<Node> nodes_;
  std::uint64_t now_ = 0;
};

}  // namespace tiersim
