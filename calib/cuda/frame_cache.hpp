#pragma once
/// Which block is in which frame of one tier, and which block gives way: decisions without data.
///
/// Called by the offload loop, a cache for each of HBM, DRAM and drive. A frame is free, or taken and without a name
/// (its content is on its way), or named by the block that it holds, which can then be found. Pinned frames stay. LRU:
/// the block whose last use (arrival or hit) is longest ago gives way first; FIFO: the one that arrived first. Frames
/// are 0 .. frames - 1. O(1) a call but for the pinned frames that take() steps over.
#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

namespace tiersim::calib {

enum class Eviction : std::uint8_t { lru, fifo };

class FrameCache {
 public:
  FrameCache(std::int64_t frames, Eviction eviction) : eviction_(eviction), of_(static_cast<std::size_t>(frames)) {
    for (auto frame = static_cast<int>(frames) - 1; frame >= 0; --frame) free_.push_back(frame);
  }

  /// The frame that holds the block, or -1.
  [[nodiscard]] int find(std::int64_t block) const {
    const auto found = by_block_.find(block);
    return found == by_block_.end() ? -1 : found->second;
  }
  /// A frame for other content, pinned once and without a name; -1 if all are pinned.
  [[nodiscard]] int take() {
    if (free_.empty() && !evict()) return -1;
    const int frame = free_.back();
    free_.pop_back();
    at(frame).pins = 1;
    return frame;
  }
  /// The content has arrived. Not for a block that is here already.
  void name(int frame, std::int64_t block) {
    at(frame).block = block;
    at(frame).place = order_.insert(order_.end(), frame);
    at(frame).named = true;
    by_block_[block] = frame;
  }
  void pin(int frame) { ++at(frame).pins; }
  /// A frame without a name that nobody pins is free.
  void unpin(int frame) {
    if (--at(frame).pins == 0 && !at(frame).named) free_.push_back(frame);
  }
  /// The block was hit.
  void use(int frame) {
    if (eviction_ == Eviction::lru) order_.splice(order_.end(), order_, at(frame).place);
  }
  /// Frames with names, the next to give way first.
  [[nodiscard]] const std::list<int>& named() const { return order_; }
  [[nodiscard]] std::int64_t block_of(int frame) const { return of_[static_cast<std::size_t>(frame)].block; }
  [[nodiscard]] std::int64_t evicted() const { return evicted_; }

 private:
  struct Entry {
    std::int64_t block = 0;
    int pins = 0;
    bool named = false;
    std::list<int>::iterator place;
  };
  Entry& at(int frame) { return of_[static_cast<std::size_t>(frame)]; }
  bool evict() {
    for (const int frame : order_) {
      Entry& entry = at(frame);
      if (entry.pins != 0) continue;
      by_block_.erase(entry.block);
      order_.erase(entry.place);
      entry.named = false;
      free_.push_back(frame);
      ++evicted_;
      return true;
    }
    return false;
  }

  Eviction eviction_;
  std::vector<Entry> of_;
  std::vector<int> free_;
  std::list<int> order_;  // named frames, oldest first
  std::unordered_map<std::int64_t, int> by_block_;
  std::int64_t evicted_ = 0;
};

}  // namespace tiersim::calib
