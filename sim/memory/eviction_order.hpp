#pragma once
/// The queue behind LRU, FIFO and their kin: frames in the order in which they were touched, oldest first, pinned ones
/// stepped over once.
///
/// A policy calls touch() to make a frame the newest, release() when a frame loses its last pin, and evict(). Frames
/// that evict() finds pinned at the old end are parked outside the list, so that they are not met again; when released
/// they wait in a small heap by the order of their parking, which is the order of their age. Everything parked is older
/// than everything in the list, so the heap comes first and the order stays exact. Amortised O(1) per call, O(log
/// parked) for frames that were parked; 9 bytes a frame.
#include <algorithm>
#include <functional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/core/index_list.hpp"
#include "sim/memory/eviction.hpp"

namespace tiersim {

class EvictionOrder {
 public:
  explicit EvictionOrder(std::size_t frames) : list_(frames), state_(frames) {}

  void touch(FrameId frame) {
    remove(frame);
    list_.push_back(frame.value());
    state_[frame.index()] = State::listed;
  }
  void release(FrameId frame) {
    const std::uint32_t f = frame.value();
    if (state_[f] != State::parked) return;
    state_[f] = State::revived;
    revived_.emplace_back(age_.at(f), f);
    std::push_heap(revived_.begin(), revived_.end(), std::greater<>{});
  }
  void remove(FrameId frame) {
    const std::uint32_t f = frame.value();
    if (state_[f] == State::listed) list_.erase(f);
    if (state_[f] == State::parked || state_[f] == State::revived)
      age_.erase(f);  // a heap entry is dropped in its turn
    state_[f] = State::absent;
  }
  std::size_t evict(std::span<FrameId> out, const PinView& pins) {
    std::size_t found = 0;
    while (found < out.size()) {
      const std::uint32_t f = oldest();
      if (f == IndexList::kEnd) break;
      if (pins.pinned(FrameId(f))) {
        state_[f] = State::parked;
        age_.try_emplace(f, next_age_++);
      } else {
        if (state_[f] == State::revived) age_.erase(f);
        state_[f] = State::absent;
        out[found++] = FrameId(f);
      }
    }
    return found;
  }

 private:
  enum class State : std::uint8_t { absent, listed, parked, revived };

  /// Takes the oldest frame out of the heap or the list.
  std::uint32_t oldest() {
    while (!revived_.empty()) {
      std::pop_heap(revived_.begin(), revived_.end(), std::greater<>{});
      const auto [age, f] = revived_.back();
      revived_.pop_back();
      if (state_[f] == State::revived && age_.at(f) == age) return f;
    }
    return list_.empty() ? IndexList::kEnd : list_.pop_front();
  }

  IndexList list_;
  ZeroedArray<State> state_;
  std::unordered_map<std::uint32_t, std::uint64_t> age_;          // of parked and revived frames: order of parking
  std::vector<std::pair<std::uint64_t, std::uint32_t>> revived_;  // a heap, oldest first
  std::uint64_t next_age_ = 0;
};

}  // namespace tiersim
