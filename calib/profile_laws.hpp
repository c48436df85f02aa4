#pragma once
/// Fitted laws: from the work of one run of a kernel to its time.
///
///   t = (fixed + (sum over sides of side^p)^(1/p)) x corrections,   side = sum over its terms of seconds x feature
///
/// One form serves all: a kernel's sides are compute and bandwidth (a roofline with its ridge p), a transfer has one
/// side with bytes and operations, a drive has queue, rate and bandwidth (the caps of a drive with a smooth minimum).
/// Shape terms (flops over m, n or k) stand for packing and output, waves for tile quantisation. Where the law of bytes
/// changes with size (caches, protocols), `knots` cut bytes into segments: the feature bytes_segment i is what of the
/// bytes lies between knot i-1 and knot i, so that the law is continuous and rises. A correction is a table of
/// factors over up to three features, log-linear between its knots and constant outside. Coefficients are not negative.
/// Fitted by calib/fit, stored in profiles, evaluated by the cost model and by validation. Beyond the trained range
/// laws extrapolate.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/units.hpp"

namespace tiersim::calib {

/// What one run of a kernel does; features that do not apply are 0.
struct Work {
  double flops = 0, bytes = 0;
  double decode_flops = 0;     ///< of attention over chunks and decoding sequences at once, the latter's; not in flops
  double m = 0, n = 0, k = 0;  ///< a matrix product's shape; attention: queries, keys, head elements
  double operations = 0;       ///< fragments, I/Os, launches
  double depth = 0;            ///< I/Os in flight
  double sequences = 0;
  double heads = 0, kv_heads = 0;  ///< of attention, on this rank
  double window = 0;               ///< tokens that a query attends to at most; 0: all
  double longest = 0;              ///< context of the longest sequence
  double chunk = 0, offset = 0;    ///< of attention over both: mean tokens of a chunk, and before it
  double ranks = 0;                ///< of a collective
  // Of routed experts, all that they compute in one kernel.
  double experts = 0;                                ///< touched
  double rows_per_expert = 0, tiles_per_expert = 0;  ///< means over these
  double weight_bytes = 0;                           ///< of bytes, those of their weights
};

enum class Feature : std::uint8_t {
  flops,  ///< s/flop
  decode_flops,
  flops_per_m,  ///< flops / m
  flops_per_n,
  flops_per_k,
  wave_flops,        ///< flops of whole waves of tiles (Law::tile)
  bytes,             ///< s/B
  bytes_segment,     ///< of the bytes those within Term::segment
  operations,        ///< s each
  operations_share,  ///< operations / depth
  bytes_share,       ///< bytes / depth
  sequences,
  m,
  n,
  k,
  heads_at_once,     ///< sequences x heads
  kv_heads_at_once,  ///< sequences x kv_heads
  queries,           ///< m / sequences
  context,           ///< n / sequences
  group,             ///< heads / kv_heads
  window,
  longest,
  raggedness,  ///< longest / (n / sequences): 1 where all contexts are equal
  chunk,
  offset,
  ranks,
  experts,
  rows_per_expert,
  tiles_per_expert,
  weight_bytes,
  other_bytes,   ///< bytes - weight_bytes
  expert_bytes,  ///< weight_bytes / experts
  alignment,     ///< the greatest power of two that divides n, up to kMostAligned
};
inline constexpr std::int64_t kMostAligned = 32;  ///< elements: whole sectors of memory, whatever the type
[[nodiscard]] std::string_view name_of(Feature feature);

struct Term {
  Feature feature = Feature::bytes;
  double seconds = 0;        ///< per unit of the feature
  std::int64_t segment = 0;  ///< of bytes_segment: between knots[segment - 1] (or 0) and knots[segment] (or infinity)
};

inline constexpr std::size_t kMostSides = 4;  ///< of a law

struct Side {
  std::string name;  ///< "compute", "bandwidth", "queue", "rate"
  std::vector<Term> terms;
};

inline constexpr std::size_t kMostAxes = 3;  ///< of a correction

struct Axis {
  Feature feature = Feature::bytes;
  std::vector<double> knots;  ///< ascending, positive
};

/// Factors at knots, linear in the logarithms between them; no axes: no correction.
struct Correction {
  std::vector<Axis> axes;
  std::vector<double> factors;  ///< one for each combination of knots, the last axis fastest
};

/// Output tiles of a matrix product and how many run at once.
struct Tiling {
  double m = 0, n = 0, at_once = 0;
};

struct Interval {
  double low = 0, high = 0;
};

struct Law {
  std::string family, kernel, variant;  ///< the series that it was fitted to
  double fixed = 0;                     ///< s
  std::vector<Side> sides{};
  double ridge = 1;                       ///< p, at least 1
  std::vector<double> knots{};            ///< B, ascending
  Tiling tile{};                          ///< zeros: no wave_flops
  std::vector<Correction> corrections{};  ///< multiplied
  Interval flops{}, bytes{};              ///< trained range

  /// For one question; who asks many makes a LawTimer (calib/profile_law_timer.hpp).
  [[nodiscard]] Seconds time(const Work& work) const;
};

/// Of features that depend on the work alone: all but wave_flops and bytes_segment, which are 0.
[[nodiscard]] double value_of(Feature feature, const Work& work);
/// The FLOPs of all tiles of the waves that the product takes: the last wave counts whole.
[[nodiscard]] double wave_flops_of(const Tiling& tile, const Work& work);
/// What of the bytes lies in a segment between the knots.
[[nodiscard]] double segment_of(const std::vector<double>& knots, std::int64_t segment, double bytes);
[[nodiscard]] double value_of(const Term& term, const Law& law, const Work& work);

}  // namespace tiersim::calib
