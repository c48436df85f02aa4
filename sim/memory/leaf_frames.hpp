#pragma once
/// An EvictionPolicy under which only leaves of the prefix tree leave: the orders of leaf_cache.hpp in a tier.
///
/// A leaf is a frame whose content has no child resident in the tier; content without an identity is a leaf without a
/// parent. Leaves that nobody references wait in a heap by the order's key; one that leaves may make its parent a leaf.
/// Children are counted by content, so a parent that comes back knows them. Where nothing unreferenced is a leaf (their
/// children are referenced: on their way to or from elsewhere, or copies that others hold) the one furthest from its
/// sequence's head goes all the same, since a tier must give what it was asked for: O(frames), and rare. Without a tree
/// in the setup every frame is a leaf.
///
/// The order's slots are frames; it hears of a use when a block arrives and when it is found again. O(log leaves) for a
/// frame that becomes a leaf or stops being one, O(1) else; 8 B a frame and 8 B a content beside heap and order.
#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/core/index_heap.hpp"
#include "sim/core/registry.hpp"
#include "sim/core/zeroed_array.hpp"
#include "sim/memory/eviction.hpp"
#include "sim/memory/leaf_cache.hpp"
#include "sim/memory/slots.hpp"

namespace tiersim {

template <class Order>
class LeafFrames final : public EvictionPolicy {
 public:
  explicit LeafFrames(const EvictionSetup& setup)
      : tree_(setup.tree ? &setup.tree() : nullptr),
        touches_(setup, tree_),
        order_(SlotSetup(setup)),
        leaves_(setup.frames),
        frames_(setup.frames),
        contents_(setup.contents) {}

  void on_insert(const BlockRun& run, Time now) override {
    for (std::size_t i = 0; i < run.frames.size(); ++i) {
      const SlotTouch touch = touches_.of(run, i, now);
      order_.use(run.frames[i].value(), uses_++, false, touch);
      enter(run.frames[i].value(), touch.content);
    }
  }
  void on_access(const BlockRun& run, Time now) override {
    for (std::size_t i = 0; i < run.frames.size(); ++i) {
      const std::uint32_t f = run.frames[i].value();
      if (leaves_.contains(f)) leaves_.erase(f);
      held_ -= frames_[f].held ? 1U : 0U;
      frames_[f].held = false;
      order_.use(f, uses_++, true, touches_.of(run, i, now));
    }
  }
  void on_release(const BlockRun& run, Time now) override {
    settle_leaves(order_, leaves_, now);
    for (FrameId frame : run.frames) {
      frames_[frame.index()].held = true;
      ++held_;
      offer(frame.value());
    }
  }
  void on_remove(FrameId frame) override {
    if (leaves_.contains(frame.value())) leaves_.erase(frame.value());
    leave(frame.value());
  }
  std::size_t evict(std::span<FrameId> out, const PinView&, Time now) override {
    settle_leaves(order_, leaves_, now);
    std::size_t found = 0;
    while (found < out.size() && held_ > 0) {
      const std::uint32_t f = leaves_.empty() ? furthest_held() : leaves_.pop();
      leave(f);
      out[found++] = FrameId(f);
    }
    return found;
  }

 private:
  struct Frame {
    std::uint32_t content;  // plus one; 0: without identity
    bool held;              // known, and nobody references it
  };
  struct Content {
    std::uint32_t frame;     // plus one; 0: not resident
    std::uint32_t children;  // resident ones
  };

  [[nodiscard]] Content* parent_of(std::uint32_t content) {
    const std::uint32_t parent = tree_ == nullptr ? PrefixTree::kNone : tree_->parent(content);
    return parent == PrefixTree::kNone ? nullptr : &contents_[parent];
  }
  void enter(std::uint32_t f, std::uint32_t content) {
    if (content >= contents_.size()) return;
    frames_[f].content = content + 1;
    contents_[content].frame = f + 1;
    Content* parent = parent_of(content);
    if (parent == nullptr) return;
    ++parent->children;
    if (parent->frame != 0 && leaves_.contains(parent->frame - 1)) leaves_.erase(parent->frame - 1);
  }
  /// A frame that is no longer among the leaves.
  void leave(std::uint32_t f) {
    const Frame gone = frames_[f];
    frames_[f] = {};
    held_ -= gone.held ? 1U : 0U;
    if (gone.content == 0) return;
    contents_[gone.content - 1].frame = 0;
    Content* parent = parent_of(gone.content - 1);
    if (parent == nullptr) return;
    --parent->children;
    if (parent->frame != 0) offer(parent->frame - 1);
  }
  void offer(std::uint32_t f) {
    const Frame& frame = frames_[f];
    if (!frame.held || leaves_.contains(f)) return;
    if (frame.content == 0 || contents_[frame.content - 1].children == 0) leaves_.push(f, order_.key(f));
  }
  /// Of frames that nobody references; all have resident children, and so an identity.
  [[nodiscard]] std::uint32_t furthest_held() {
    std::uint32_t furthest = 0;
    std::int64_t position = -1;
    for (std::uint32_t f = 0; f < frames_.size(); ++f) {
      if (!frames_[f].held || tree_->position(frames_[f].content - 1) <= position) continue;
      furthest = f, position = tree_->position(frames_[f].content - 1);
    }
    return furthest;
  }

  const PrefixTree* tree_;
  RunTouches touches_;
  Order order_;
  IndexHeap<typename Order::Key> leaves_;  // of the held
  ZeroedArray<Frame> frames_;
  ZeroedArray<Content> contents_;
  std::size_t held_ = 0;
  std::uint64_t uses_ = 0;
};

}  // namespace tiersim

/// An order of leaves for tiers and for replays under one name. Trailing arguments: the brace-enclosed list of
/// ParameterSpec.
#define TIERSIM_REGISTER_LEAF_ORDER(name, Order, summary, ...)                 \
  using Order##Frames = ::tiersim::LeafFrames<Order>;                          \
  using Order##Blocks = ::tiersim::LeafCache<Order>;                           \
  TIERSIM_REGISTER(EvictionPolicy, name, Order##Frames, summary, __VA_ARGS__); \
  TIERSIM_REGISTER(BlockCache, name, Order##Blocks, summary, __VA_ARGS__)
