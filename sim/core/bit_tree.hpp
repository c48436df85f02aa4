#pragma once
/// A set of numbers below n that knows its greatest member: a bit each, and over every 64 words a summary.
///
/// O(1) test; O(log n) to the base of 64 set, clear and greatest. n/8 bytes and a 63rd of that, occupied when used.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/core/zeroed_array.hpp"

namespace tiersim {

class BitTree {
 public:
  static constexpr std::size_t kNone = SIZE_MAX;
  explicit BitTree(std::size_t n) {
    do {
      n = n / 64 + 1;
      levels_.emplace_back(n);
    } while (n > 1);
  }

  [[nodiscard]] bool contains(std::size_t i) const { return (levels_.front()[i / 64] >> (i % 64) & 1) != 0; }
  void insert(std::size_t i) {
    for (Level& level : levels_) {
      std::uint64_t& word = level[i / 64];
      const bool was_empty = word == 0;
      word |= std::uint64_t{1} << (i % 64);
      if (!was_empty) return;
      i /= 64;
    }
  }
  void erase(std::size_t i) {
    for (Level& level : levels_) {
      std::uint64_t& word = level[i / 64];
      word &= ~(std::uint64_t{1} << (i % 64));
      if (word != 0) return;
      i /= 64;
    }
  }
  /// kNone if there is none.
  [[nodiscard]] std::size_t greatest() const {
    if (levels_.back()[0] == 0) return kNone;
    std::size_t i = 0;
    for (std::size_t level = levels_.size(); level-- > 0;)
      i = i * 64 + 63 - static_cast<std::size_t>(std::countl_zero(levels_[level][i]));
    return i;
  }

 private:
  using Level = ZeroedArray<std::uint64_t>;
  std::vector<Level> levels_;  // bits first; each word of a level is one bit of the next
};

}  // namespace tiersim
