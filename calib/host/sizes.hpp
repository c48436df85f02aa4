#pragma once
/// Sizes of a family's points: evenly spread over their logarithms for the grid, fresh ones between them.
///
/// Called by the families whose series run over one size (working set, bytes copied). Every size is a multiple of
/// `quantum` within [low, high]. Deterministic for a given Rng.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "calib/measure/sample.hpp"
#include "sim/core/rng.hpp"

namespace tiersim::calib {

struct SizeRange {
  std::int64_t low = 0, high = 0, quantum = 1;
};

/// Ascending and distinct, the range's ends among them; empty if no multiple of the quantum lies within.
[[nodiscard]] std::vector<std::int64_t> spread(const SizeRange& range, double per_octave);
/// Log-uniform and not among `taken`; nothing where (almost) every multiple is taken.
[[nodiscard]] std::optional<std::int64_t> fresh_size(Rng& rng, const SizeRange& range,
                                                     const std::vector<std::int64_t>& taken);

/// The points of one kernel and variant over one parameter.
struct SizeSeries {
  std::string family, kernel, variant, parameter;
  SizeRange range;
  double per_octave = 2;
};

[[nodiscard]] std::vector<Point> grid_of(const std::vector<SizeSeries>& all);
/// Each of a series drawn at random, at a size that is not on its grid; fewer where ranges are too narrow.
[[nodiscard]] std::vector<Point> fresh_of(const std::vector<SizeSeries>& all, Rng& rng, std::size_t count);

}  // namespace tiersim::calib
