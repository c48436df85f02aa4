#pragma once
/// A doubly linked list over the indices 0..n-1, links in one array: each index is in the list at most once.
///
/// O(1) push, erase and look-up of neighbours; 8 bytes an index, occupied when first used; no allocation after
/// construction. n must be below 2^32 - 2.
#include <cstddef>
#include <cstdint>

#include "sim/core/zeroed_array.hpp"

namespace tiersim {

class IndexList {
 public:
  static constexpr std::uint32_t kEnd = UINT32_MAX;
  explicit IndexList(std::size_t n) : links_(n) {}

  [[nodiscard]] bool empty() const { return front_ == kEnd; }
  [[nodiscard]] bool contains(std::uint32_t i) const { return links_[i].next != kOut; }
  [[nodiscard]] std::uint32_t front() const { return front_; }
  [[nodiscard]] std::uint32_t back() const { return back_; }
  [[nodiscard]] std::uint32_t next(std::uint32_t i) const { return decoded(links_[i].next); }
  [[nodiscard]] std::uint32_t previous(std::uint32_t i) const { return decoded(links_[i].previous); }

  void push_back(std::uint32_t i) {
    links_[i] = {encoded(back_), encoded(kEnd)};
    if (back_ == kEnd) {
      front_ = i;
    } else {
      links_[back_].next = encoded(i);
    }
    back_ = i;
  }
  void erase(std::uint32_t i) {
    const std::uint32_t before = previous(i), after = next(i);
    if (before == kEnd) {
      front_ = after;
    } else {
      links_[before].next = encoded(after);
    }
    if (after == kEnd) {
      back_ = before;
    } else {
      links_[after].previous = encoded(before);
    }
    links_[i] = {};
  }
  /// Takes up to `n` from the front; give(i) is called for each, first to last. Returns how many there were.
  template <class Give>
  std::size_t pop_front(std::size_t n, Give give) {
    std::size_t taken = 0;
    std::uint32_t i = front_;
    for (; taken < n && i != kEnd; ++taken) {
      const std::uint32_t after = next(i);
      links_[i] = {};
      give(i);
      i = after;
    }
    front_ = i;
    if (i == kEnd) {
      back_ = kEnd;
    } else {
      links_[i].previous = encoded(kEnd);
    }
    return taken;
  }
  std::uint32_t pop_front() {
    const std::uint32_t i = front_;
    erase(i);
    return i;
  }

 private:
  // A fresh array is all zeros: 0 says "not in the list", 1 "no neighbour", k + 2 "index k".
  static constexpr std::uint32_t kOut = 0;
  static constexpr std::uint32_t encoded(std::uint32_t i) { return i + 2; }
  static constexpr std::uint32_t decoded(std::uint32_t link) { return link - 2; }
  struct Link {
    std::uint32_t previous, next;
  };
  ZeroedArray<Link> links_;
  std::uint32_t front_ = kEnd, back_ = kEnd;
};

}  // namespace tiersim
