#pragma once
/// A first-in, first-out queue of small values in one ring of memory.
///
/// Used by the transfer engine for the flows that wait for a fifo link. O(1) per call; grows by doubling and never
/// shrinks, so there is no allocation once it has been as long as it gets (std::deque goes on allocating as it moves).
#include <cstddef>
#include <vector>

namespace tiersim {

template <class T>
class RingQueue {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] T front() const { return ring_[head_]; }  ///< not empty

  void push(T value) {
    if (size_ == ring_.size()) grow();
    ring_[(head_ + size_++) & (ring_.size() - 1)] = value;
  }
  void pop() {  ///< not empty
    head_ = (head_ + 1) & (ring_.size() - 1);
    --size_;
  }

 private:
  void grow() {
    std::vector<T> larger(ring_.empty() ? 8 : 2 * ring_.size());
    for (std::size_t i = 0; i < size_; ++i) larger[i] = ring_[(head_ + i) & (ring_.size() - 1)];
    ring_.swap(larger);
    head_ = 0;
  }

  std::vector<T> ring_;  // a power of two long
  std::size_t head_ = 0, size_ = 0;
};

}  // namespace tiersim
