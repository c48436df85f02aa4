#pragma once
/// The largest of a changing collection of integers.
///
/// Called by DecodeSet. What leaves is noted in a heap of its own, and both heaps shed equal tops when the largest is
/// asked for: O(log n) amortised per call, no allocation once grown. Only what is there may be erased.
#include <algorithm>
#include <cstdint>
#include <vector>

namespace tiersim {

class Largest {
 public:
  void insert(std::int64_t value) { push(there_, value); }
  void erase(std::int64_t value) {
    push(gone_, value);
    while (!gone_.empty() && gone_.front() == there_.front()) pop(gone_), pop(there_);
  }
  /// 0 for nothing.
  [[nodiscard]] std::int64_t value() const { return there_.empty() ? 0 : there_.front(); }

 private:
  static void push(std::vector<std::int64_t>& heap, std::int64_t value) {
    heap.push_back(value);
    std::push_heap(heap.begin(), heap.end());
  }
  static void pop(std::vector<std::int64_t>& heap) {
    std::pop_heap(heap.begin(), heap.end());
    heap.pop_back();
  }

  std::vector<std::int64_t> there_, gone_;
};

}  // namespace tiersim
