#pragma once
/// The queue behind LRU, FIFO and their kin: frames in the order of a stamp, oldest first, pinned ones stepped over
/// once.
///
/// A policy calls touch() to stamp a frame (newest), release() when a frame loses its last pin, and evict(). Frames
/// that evict() finds pinned at the old end are parked outside the list, so that they are not met again; when released
/// they go to a small heap by stamp. Everything parked is older than everything in the list, so the heap comes first
/// and the order stays exact. Amortised O(1) per call, O(log parked) for frames that were parked.
#include <algorithm>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "sim/core/index_list.hpp"
#include "sim/memory/eviction.hpp"

namespace tiersim {

class EvictionOrder {
 public:
  explicit EvictionOrder(std::size_t frames) : list_(frames), state_(frames), stamp_(frames) {}

  void touch(FrameId frame) {
    const std::uint32_t f = frame.value();
    if (state_[f] == State::listed) list_.erase(f);
    list_.push_back(f);
    state_[f] = State::listed;
    stamp_[f] = ++clock_;
  }
  void release(FrameId frame) {
    const std::uint32_t f = frame.value();
    if (state_[f] != State::parked) return;
    state_[f] = State::revived;
    revived_.emplace_back(stamp_[f], f);
    std::push_heap(revived_.begin(), revived_.end(), std::greater<>{});
  }
  void remove(FrameId frame) {
    const std::uint32_t f = frame.value();
    if (state_[f] == State::listed) list_.erase(f);
    state_[f] = State::absent;  // a heap entry for it is dropped when it comes up
  }
  std::size_t evict(std::span<FrameId> out, const PinView& pins) {
    std::size_t found = 0;
    while (found < out.size()) {
      const std::uint32_t f = oldest();
      if (f == IndexList::kEnd) break;
      if (pins.pinned(FrameId(f))) {
        state_[f] = State::parked;
      } else {
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
      const auto [stamp, f] = revived_.back();
      revived_.pop_back();
      if (state_[f] == State::revived && stamp_[f] == stamp) return f;
    }
    return list_.empty() ? IndexList::kEnd : list_.pop_front();
  }

  IndexList list_;
  std::vector<State> state_;
  std::vector<std::uint64_t> stamp_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> revived_;
  std::uint64_t clock_ = 0;
};

}  // namespace tiersim
