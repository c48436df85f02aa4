#pragma once
/// The declared split of a series into points that its law is fitted to and points held out.
///
/// Of the distinct sizes of a series, ascending, every third and the largest two are held out, with all points of that
/// size; the size is flops where the series has any, else bytes (of a drive, the block), else, where there are fewer
/// than five of these, the bytes of a piece, else the number of operations. A series of fewer than five sizes trains on
/// everything. Nothing depends on the times. O(n log n).
#include <vector>

#include "calib/measure/sample.hpp"

namespace tiersim::calib {

struct Split {
  std::vector<Sample> train, held_out;  ///< ascending in size, points of one size in their order
};

/// `series`: points of one family, kernel and variant.
[[nodiscard]] Split split_series(const std::vector<Sample>& series);

/// Every series among the samples, in the order of first appearance.
[[nodiscard]] std::vector<std::vector<Sample>> series_of(const std::vector<Sample>& samples);

}  // namespace tiersim::calib
