#pragma once
/// A doubly linked list over the indices 0..n-1, links in one array: each index is in the list at most once.
///
/// O(1) push, erase and look-up of neighbours; 8 bytes an index; no allocation after construction or resize().
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tiersim {

class IndexList {
 public:
  static constexpr std::uint32_t kEnd = UINT32_MAX;
  explicit IndexList(std::size_t n = 0) { resize(n); }
  /// Makes room for indices below n; what is in the list stays.
  void resize(std::size_t n) { links_.resize(n, Link{kOut, kOut}); }

  [[nodiscard]] bool empty() const { return front_ == kEnd; }
  [[nodiscard]] bool contains(std::uint32_t i) const { return links_[i].next != kOut; }
  [[nodiscard]] std::uint32_t front() const { return front_; }
  [[nodiscard]] std::uint32_t back() const { return back_; }
  [[nodiscard]] std::uint32_t next(std::uint32_t i) const { return links_[i].next; }
  [[nodiscard]] std::uint32_t previous(std::uint32_t i) const { return links_[i].previous; }

  void push_back(std::uint32_t i) {
    links_[i] = {back_, kEnd};
    (back_ == kEnd ? front_ : links_[back_].next) = i;
    back_ = i;
  }
  void erase(std::uint32_t i) {
    const Link link = links_[i];
    (link.previous == kEnd ? front_ : links_[link.previous].next) = link.next;
    (link.next == kEnd ? back_ : links_[link.next].previous) = link.previous;
    links_[i] = {kOut, kOut};
  }
  std::uint32_t pop_front() {
    const std::uint32_t i = front_;
    erase(i);
    return i;
  }

 private:
  static constexpr std::uint32_t kOut = UINT32_MAX - 1;
  struct Link {
    std::uint32_t previous, next;
  };
  std::vector<Link> links_;
  std::uint32_t front_ = kEnd, back_ = kEnd;
};

}  // namespace tiersim
