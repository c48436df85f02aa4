#pragma once
/// How often intervals of each length occur: counts in cells so narrow that quantiles are within 1%, whatever the span.
///
/// Called by reuse_intervals. Cells are 1/128 of an octave wide at most (below 128 ns each has its own), and know their
/// mean: lengths on a grid that is coarser than the cells, such as whole seconds, come back as they are. 7,296 cells of
/// 16 B whatever is counted; O(1) an addition; a question O(cells). Deterministic: no logarithm.
#include <bit>
#include <cstdint>
#include <vector>

#include "sim/core/units.hpp"

namespace tiersim {

class IntervalHistogram {
 public:
  IntervalHistogram() : cells_(kCells) {}
  /// `interval` at least 0.
  void add(Duration interval, std::uint64_t count) {
    Cell& cell = cells_[cell_of(static_cast<std::uint64_t>(interval.value()))];
    cell.count += count;
    cell.sum += static_cast<double>(interval.value()) * static_cast<double>(count);
    count_ += count;
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] Duration mean() const;  ///< 0 of nothing
  /// Percentile p of n values is the one at place ceil(p n / 100) of the sorted ones, counted from 1. 0 of nothing.
  [[nodiscard]] Duration percentile(std::uint64_t percent) const;

  /// `count` of the intervals are `interval` or shorter.
  struct Step {
    Duration interval;
    std::uint64_t count = 0;
  };
  /// A step for each cell that is not empty, ascending; the last has all.
  [[nodiscard]] std::vector<Step> cumulated() const;

 private:
  static constexpr unsigned kBits = 7;  // 128 cells an octave
  static constexpr std::size_t kCells = (64U - kBits) << kBits;

  struct Cell {
    std::uint64_t count = 0;
    double sum = 0;  // ns
    [[nodiscard]] Duration mean() const;
  };
  static std::size_t cell_of(std::uint64_t ns) {
    const auto width = static_cast<unsigned>(std::bit_width(ns));
    const unsigned shift = width > kBits + 1 ? width - kBits - 1 : 0;
    return (std::size_t{shift} << kBits) + (ns >> shift);
  }

  std::vector<Cell> cells_;
  std::uint64_t count_ = 0;
};

}  // namespace tiersim
