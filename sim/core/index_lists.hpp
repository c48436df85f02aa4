#pragma once
/// Several doubly linked lists over the same indices 0..n-1, links in one array: each index is in at most one of them.
///
/// O(1) push, erase and look-up of neighbours; 8 bytes an index, occupied when first used, 8 more a list; no allocation
/// after construction but for further lists (grow()). n must be below 2^32 - 2. Which list an index is in is the
/// caller's to know: erase() and move() must be told.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/core/zeroed_array.hpp"

namespace tiersim {

class IndexLists {
 public:
  static constexpr std::uint32_t kEnd = UINT32_MAX;
  IndexLists(std::size_t n, std::size_t lists) : links_(n), ends_(lists) {}

  /// So that there are at least as many lists.
  void grow(std::size_t lists) {
    if (ends_.size() < lists) ends_.resize(lists);
  }
  [[nodiscard]] bool empty(std::size_t list) const { return ends_[list].front == kEnd; }
  /// In any of the lists.
  [[nodiscard]] bool contains(std::uint32_t i) const { return links_[i].next != kOut; }
  [[nodiscard]] std::uint32_t front(std::size_t list) const { return ends_[list].front; }
  [[nodiscard]] std::uint32_t back(std::size_t list) const { return ends_[list].back; }
  [[nodiscard]] std::uint32_t next(std::uint32_t i) const { return decoded(links_[i].next); }
  [[nodiscard]] std::uint32_t previous(std::uint32_t i) const { return decoded(links_[i].previous); }

  void push_back(std::size_t list, std::uint32_t i) {
    Ends& ends = ends_[list];
    links_[i] = {encoded(ends.back), encoded(kEnd)};
    (ends.back == kEnd ? ends.front : links_[ends.back].next) = ends.back == kEnd ? i : encoded(i);
    ends.back = i;
  }
  void erase(std::size_t list, std::uint32_t i) {
    Ends& ends = ends_[list];
    const std::uint32_t before = previous(i), after = next(i);
    (before == kEnd ? ends.front : links_[before].next) = before == kEnd ? after : encoded(after);
    (after == kEnd ? ends.back : links_[after].previous) = after == kEnd ? before : encoded(before);
    links_[i] = {};
  }
  void move_to_back(std::size_t from, std::size_t to, std::uint32_t i) {
    erase(from, i);
    push_back(to, i);
  }
  /// Puts `by`, which is in no list, where `i` is, which leaves.
  void replace(std::size_t list, std::uint32_t i, std::uint32_t by) {
    Ends& ends = ends_[list];
    const std::uint32_t before = previous(i), after = next(i);
    (before == kEnd ? ends.front : links_[before].next) = before == kEnd ? by : encoded(by);
    (after == kEnd ? ends.back : links_[after].previous) = after == kEnd ? by : encoded(by);
    links_[by] = links_[i];
    links_[i] = {};
  }
  std::uint32_t pop_front(std::size_t list) {
    const std::uint32_t i = front(list);
    erase(list, i);
    return i;
  }
  /// Takes up to `n` from the front; give(i) is called for each, first to last. Returns how many there were.
  template <class Give>
  std::size_t pop_front(std::size_t list, std::size_t n, Give give) {
    std::size_t taken = 0;
    std::uint32_t i = front(list);
    for (; taken < n && i != kEnd; ++taken) {
      const std::uint32_t after = next(i);
      links_[i] = {};
      give(i);
      i = after;
    }
    ends_[list].front = i;
    if (i == kEnd) {
      ends_[list].back = kEnd;
    } else {
      links_[i].previous = encoded(kEnd);
    }
    return taken;
  }

 private:
  // A fresh array is all zeros: 0 says "in no list", 1 "no neighbour", k + 2 "index k".
  static constexpr std::uint32_t kOut = 0;
  static constexpr std::uint32_t encoded(std::uint32_t i) { return i + 2; }
  static constexpr std::uint32_t decoded(std::uint32_t link) { return link - 2; }
  struct Link {
    std::uint32_t previous, next;
  };
  struct Ends {
    std::uint32_t front = kEnd, back = kEnd;
  };
  ZeroedArray<Link> links_;
  std::vector<Ends> ends_;
};

}  // namespace tiersim
