#include "calib/profile_law_timer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sim/core/diagnostics.hpp"
#include "sim/core/mathematics.hpp"

namespace tiersim::calib {
namespace {

constexpr double kHalfUlp = 0x1p-54;  // a share whose power is below this adds nothing to 1

std::vector<double> logs_of(const std::vector<double>& values) {
  std::vector<double> logs;
  logs.reserve(values.size());
  for (double value : values) logs.push_back(natural_log(value));
  return logs;
}

double low_of(const Law& law, const Term& term) {
  const auto i = static_cast<std::size_t>(term.segment);
  return i == 0 ? 0 : law.knots[i - 1];
}
double high_of(const Law& law, const Term& term) {
  const auto i = static_cast<std::size_t>(term.segment);
  return i < law.knots.size() ? law.knots[i] : std::numeric_limits<double>::infinity();
}

bool is_beyond(const Interval& trained, double x) {
  return trained.high > 0 && (x < trained.low / 2 || x > trained.high * 2);
}

}  // namespace

LawTimer::LawTimer(const Law& law)
    : tile_(law.tile),
      fixed_(law.fixed),
      ridge_(law.ridge),
      least_share_(power(kHalfUlp, 1 / law.ridge)),
      sides_(law.sides.size()),
      compute_side_(law.sides.size()),
      flops_(law.flops),
      bytes_(law.bytes) {
  ensure(sides_ <= kMostSides, "a law has more sides than are thought of");
  for (const Correction& correction : law.corrections) {
    ensure(correction.axes.size() <= kMostAxes, "a correction has more axes than are thought of");
    ensure(!correction.axes.empty(), "a correction looks at no feature");
    Table& table = tables_.emplace_back(Table{{}, logs_of(correction.factors)});
    std::size_t stride = correction.factors.size();
    for (const Axis& axis : correction.axes) {
      stride /= axis.knots.size();
      const auto where = axis.feature == Feature::context ? table.axes.begin() : table.axes.end();
      table.axes.insert(where, {number_of(axis.feature), logs_of(axis.knots), stride});
    }
  }
  for (std::size_t side = 0; side < sides_; ++side) {
    if (law.sides[side].name == "compute") compute_side_ = side;
    for (const Term& term : law.sides[side].terms) {
      terms_.push_back({term, side, 0, 0});
      if (term.feature != Feature::bytes_segment) continue;
      terms_.back().low = low_of(law, term), terms_.back().high = high_of(law, term);
    }
  }
}

double LawTimer::value(const Flat& flat, const Work& work) const {
  if (flat.term.feature == Feature::wave_flops) return wave_flops_of(tile_, work);
  if (flat.term.feature == Feature::bytes_segment) return std::max(0.0, std::min(work.bytes, flat.high) - flat.low);
  return value_of(flat.term.feature, work);
}

double LawTimer::p_norm(const Sides& sides, double largest) const {
  Sides shares{};
  std::size_t counted = 0;
  for (std::size_t i = 0; i < kMostSides; ++i) {
    if (sides[i] < least_share_ * largest) continue;
    shares[i] = sides[i] / largest;
    ++counted;
  }
  if (counted < 2) return largest;
  double sum = 0;
  if (ridge_ == 2.0) {
    for (double share : shares) sum += share * share;
    return largest * std::sqrt(sum);
  }
  for (double raised : quick::power(shares, ridge_)) sum += raised;  // of those left out 0
  return largest * quick::power(sum, 1.0 / ridge_);
}

std::size_t LawTimer::number_of(Feature feature) {
  const auto at =
      std::find_if(features_.begin(), features_.end(), [&](const Asked& a) { return a.feature == feature; });
  const auto number = static_cast<std::size_t>(at - features_.begin());
  if (at == features_.end()) features_.push_back({feature});
  return number;
}

LawTimer::Place LawTimer::place(const LogAxis& axis, double x) {
  const std::vector<double>& logs = axis.logs;
  if (logs.size() < 2 || x <= logs.front()) return {};
  if (x >= logs.back()) return {logs.size() - 1, 0};
  std::size_t i = axis.place.index;
  if (i + 1 >= logs.size() || x < logs[i] || x >= logs[i + 1]) {
    std::size_t below = 0;  // knots are few: counting all of them is faster than a search that cannot be foreseen
    for (double log : logs) below += log <= x ? 1 : 0;
    i = below - 1;
  }
  return {i, (x - logs[i]) / (logs[i + 1] - logs[i])};
}

/// Multilinear: the corners of the cell around the places, axis by axis.
double LawTimer::at_knot(const Table& table, std::size_t knot) {
  std::array<std::size_t, 1U << kMostAxes> at{knot * table.axes.front().stride};
  std::array<double, 1U << kMostAxes> weight{1};
  std::size_t corners = 1;
  for (std::size_t axis = 1; axis < table.axes.size(); ++axis) {
    const auto& [feature, logs, stride, here] = table.axes[axis];
    const std::size_t before = corners;
    for (std::size_t i = 0; i < before; ++i) {
      at[i] += here.index * stride;
      if (here.share <= 0) continue;
      at[corners] = at[i] + stride, weight[corners] = weight[i] * here.share;
      weight[i] *= 1 - here.share;
      ++corners;
    }
  }
  double sum = 0;
  for (std::size_t i = 0; i < corners; ++i) sum += weight[i] * table.log_factors[at[i]];
  return sum;
}

double LawTimer::log_factor(const Table& table) const {
  bool stale = false;
  for (const LogAxis& axis : table.axes) {
    const Asked& asked = features_[axis.feature];
    if (!asked.changed) continue;
    axis.place = place(axis, asked.log);
    stale = stale || &axis != table.axes.data();
  }
  const auto [knot, share] = table.axes.front().place;
  if (stale || knot != table.knot) {
    table.knot = knot;
    table.below = at_knot(table, knot);
    table.above = knot + 1 < table.axes.front().logs.size() ? at_knot(table, knot + 1) : table.below;
  }
  return table.below + share * (table.above - table.below);
}

/// Logarithms of the features that are not as they were when last asked, four at a time.
void LawTimer::look_at(const Work& work) const {
  std::array<const Asked*, 4> together{};
  quick::Four values{1, 1, 1, 1};
  std::size_t count = 0;
  const auto take_logs = [&] {
    const quick::Four logs = quick::natural_log(values);
    for (std::size_t i = 0; i < count; ++i)
      together[i]->log = values[i] > 0 ? logs[i] : -std::numeric_limits<double>::infinity();
    count = 0;
  };
  for (const Asked& asked : features_) {
    const double value = value_of(asked.feature, work);
    asked.changed = value != asked.value;
    if (!asked.changed) continue;
    asked.value = values[count] = value, together[count] = &asked;
    if (++count == together.size()) take_logs();
  }
  if (count > 0) take_logs();
}

/// Features that are as they were when last asked have their places in the tables still.
double LawTimer::correction(const Work& work) const {
  if (tables_.empty()) return 1;
  look_at(work);
  double log = 0;
  for (const Table& table : tables_) log += log_factor(table);
  return quick::exponential(log);
}

LawTimer::Answer LawTimer::of(const Work& work) const {
  Sides sides{};
  for (const Flat& flat : terms_) sides[flat.side] += flat.term.seconds * value(flat, work);
  double largest = 0, compute = 0, rest = 0;
  for (std::size_t i = 0; i < sides_; ++i) {
    largest = std::max(largest, sides[i]);
    (i == compute_side_ ? compute : rest) = std::max(i == compute_side_ ? compute : rest, sides[i]);
  }
  const double norm = largest > 0 && sides_ > 1 ? p_norm(sides, largest) : largest;
  return {Seconds((fixed_ + norm) * correction(work)), compute > rest,
          is_beyond(flops_, work.flops) || is_beyond(bytes_, work.bytes)};
}

}  // namespace tiersim::calib
