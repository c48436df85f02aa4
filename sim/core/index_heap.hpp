#pragma once
/// A heap over the indices 0..n-1 with a key each, the least on top; keys can change, any index can leave.
///
/// O(log size) push, update, erase and pop, O(1) top; 4 bytes an index and a key and 4 bytes for each that is in; no
/// allocation once it has been as full as it gets. Equal keys: whichever the heap has on top, so give keys that differ.
/// Key needs operator<.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/core/zeroed_array.hpp"

namespace tiersim {

template <class Key>
class IndexHeap {
 public:
  explicit IndexHeap(std::size_t n) : place_(n) {}

  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }
  [[nodiscard]] bool contains(std::uint32_t i) const { return place_[i] != 0; }
  [[nodiscard]] std::uint32_t top() const { return heap_.front().second; }
  [[nodiscard]] const Key& key(std::uint32_t i) const { return heap_[place_[i] - 1].first; }
  [[nodiscard]] const Key& top_key() const { return heap_.front().first; }

  void push(std::uint32_t i, const Key& key) {
    heap_.emplace_back(key, i);
    place_[i] = static_cast<std::uint32_t>(heap_.size());
    rise(heap_.size() - 1);
  }
  void update(std::uint32_t i, const Key& key) {
    const std::size_t at = place_[i] - 1;
    const bool up = key < heap_[at].first;
    heap_[at].first = key;
    up ? rise(at) : sink(at);
  }
  void erase(std::uint32_t i) {
    const std::size_t at = place_[i] - 1;
    place_[i] = 0;
    const Entry last = std::move(heap_.back());
    heap_.pop_back();
    if (at == heap_.size()) return;
    const bool up = last.first < heap_[at].first;
    set(at, last);
    up ? rise(at) : sink(at);
  }
  std::uint32_t pop() {
    const std::uint32_t i = top();
    erase(i);
    return i;
  }

 private:
  using Entry = std::pair<Key, std::uint32_t>;

  void set(std::size_t at, const Entry& entry) {
    heap_[at] = entry;
    place_[entry.second] = static_cast<std::uint32_t>(at + 1);
  }
  void rise(std::size_t at) {
    const Entry moved = heap_[at];
    for (; at > 0 && moved.first < heap_[(at - 1) / 2].first; at = (at - 1) / 2) set(at, heap_[(at - 1) / 2]);
    set(at, moved);
  }
  void sink(std::size_t at) {
    const Entry moved = heap_[at];
    for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
      if (child + 1 < heap_.size() && heap_[child + 1].first < heap_[child].first) ++child;
      if (!(heap_[child].first < moved.first)) break;
      set(at, heap_[child]);
      at = child;
    }
    set(at, moved);
  }

  std::vector<Entry> heap_;
  ZeroedArray<std::uint32_t> place_;  // by index: plus one, 0 for none
};

}  // namespace tiersim
