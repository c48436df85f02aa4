#pragma once
/// A law made ready to be asked many times: terms in one row, logarithms of its tables taken beforehand.
///
/// Called by the cost model for every operator of a step, and by Law::time(), which makes one for a single question.
/// The time is that of the law's formula (calib/profile_laws.hpp); a side that is too small beside the largest to
/// change the last bit of the norm is left out. A timer remembers where in its tables the last work was, since of a
/// step's work little changes: the answers are the same, but one timer is not for several threads at once. Cost: some
/// tens of nanoseconds; a logarithm for each feature that a correction looks at and that changed, two powers near the
/// ridge of a law whose exponent is not 1 or 2. Deterministic; no allocation after construction.
#include <cstddef>
#include <limits>
#include <tuple>
#include <vector>

#include "calib/profile_laws.hpp"
#include "sim/core/quick_mathematics.hpp"

namespace tiersim::calib {

class LawTimer {
 public:
  explicit LawTimer(const Law& law);

  struct Answer {
    Seconds time;               ///< correction included
    bool by_compute = false;    ///< the side "compute" is the largest
    bool extrapolated = false;  ///< beyond twice the trained range
  };
  [[nodiscard]] Answer of(const Work& work) const;
  /// The part of the time that does not depend on the work, before correction.
  [[nodiscard]] Seconds fixed() const { return Seconds(fixed_); }

 private:
  struct Flat {
    Term term;
    std::size_t side = 0;
    double low = 0, high = 0;  ///< of bytes_segment
  };
  /// The knot below and the share of the way to the one above it.
  struct Place {
    std::size_t index = 0;
    double share = 0;
  };
  /// A correction's knots along one feature, in the logarithm.
  struct LogAxis {
    std::size_t feature = 0;  // of features_
    std::vector<double> logs;
    std::size_t stride = 1;  // of the factors
    mutable Place place{};   // of the feature as last asked
  };
  /// From step to step contexts grow: the axis of theirs is the last that is interpolated, between two values that hold
  /// as long as nothing else changes.
  struct Table {
    std::vector<LogAxis> axes;  // the growing one first
    std::vector<double> log_factors;
    mutable std::size_t knot = std::numeric_limits<std::size_t>::max();  // of the growing axis
    mutable double below = 0, above = 0;                                 // at this knot and the next
  };
  /// A feature that tables look at, as last asked.
  struct Asked {
    Feature feature = Feature::bytes;
    mutable double value = std::numeric_limits<double>::quiet_NaN(), log = 0;
    mutable bool changed = true;
  };

  [[nodiscard]] double value(const Flat& flat, const Work& work) const;
  using Sides = quick::Four;
  static_assert(kMostSides == std::tuple_size_v<Sides>);

  [[nodiscard]] double p_norm(const Sides& sides, double largest) const;
  [[nodiscard]] double correction(const Work& work) const;
  void look_at(const Work& work) const;
  [[nodiscard]] static Place place(const LogAxis& axis, double x);
  [[nodiscard]] double log_factor(const Table& table) const;
  /// At a knot of the first axis, all others interpolated.
  [[nodiscard]] static double at_knot(const Table& table, std::size_t knot);
  std::size_t number_of(Feature feature);

  Tiling tile_;
  double fixed_, ridge_;
  double least_share_;  // of the largest side; what is smaller adds nothing to the norm
  std::size_t sides_, compute_side_;
  std::vector<Flat> terms_;
  std::vector<Table> tables_;
  std::vector<Asked> features_;  // of all tables, each once
  Interval flops_, bytes_;
};

}  // namespace tiersim::calib
