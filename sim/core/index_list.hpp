#pragma once
/// A doubly linked list over the indices 0..n-1: one of IndexLists, at its cost.
#include <cstddef>
#include <cstdint>

#include "sim/core/index_lists.hpp"

namespace tiersim {

class IndexList {
 public:
  static constexpr std::uint32_t kEnd = IndexLists::kEnd;
  explicit IndexList(std::size_t n) : lists_(n, 1) {}

  [[nodiscard]] bool empty() const { return lists_.empty(0); }
  [[nodiscard]] bool contains(std::uint32_t i) const { return lists_.contains(i); }
  [[nodiscard]] std::uint32_t front() const { return lists_.front(0); }
  [[nodiscard]] std::uint32_t back() const { return lists_.back(0); }
  [[nodiscard]] std::uint32_t next(std::uint32_t i) const { return lists_.next(i); }
  [[nodiscard]] std::uint32_t previous(std::uint32_t i) const { return lists_.previous(i); }

  void push_back(std::uint32_t i) { lists_.push_back(0, i); }
  void erase(std::uint32_t i) { lists_.erase(0, i); }
  void move_to_back(std::uint32_t i) { lists_.move_to_back(0, 0, i); }
  void replace(std::uint32_t i, std::uint32_t by) { lists_.replace(0, i, by); }
  std::uint32_t pop_front() { return lists_.pop_front(0); }
  template <class Give>
  std::size_t pop_front(std::size_t n, Give give) {
    return lists_.pop_front(0, n, give);
  }

 private:
  IndexLists lists_;
};

}  // namespace tiersim
