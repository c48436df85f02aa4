#include "calib/profile_laws.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/core/mathematics.hpp"

namespace tiersim::calib {
namespace {

constexpr std::array<std::string_view, 12> kNames = {
    "flops",         "flops/m",    "flops/n",          "flops/k",     "wave flops", "bytes",
    "bytes segment", "operations", "operations/depth", "bytes/depth", "sequences",  "m"};

double ratio(double a, double b) { return b > 0 ? a / b : 0; }

/// The flops of all tiles of the waves that the product takes: the last wave counts whole.
double wave_flops(const Tiling& tile, const Work& w) {
  if (tile.at_once <= 0) return w.flops;
  const double tiles = std::ceil(w.m / tile.m) * std::ceil(w.n / tile.n);
  return 2 * tile.m * tile.n * w.k * tile.at_once * std::ceil(tiles / tile.at_once);
}

double segment_of(const std::vector<double>& knots, std::int64_t segment, double bytes) {
  const auto i = static_cast<std::size_t>(segment);
  const double low = i == 0 ? 0 : knots[i - 1];
  const double high = i < knots.size() ? knots[i] : bytes;
  return std::max(0.0, std::min(bytes, high) - low);
}

double p_norm(const std::vector<Side>& sides, const Law& law, const Work& work) {
  double largest = 0;
  for (const Side& side : sides) largest = std::max(largest, law.side(side, work));
  if (sides.size() < 2 || largest <= 0) return largest;
  double sum = 0;
  for (const Side& side : sides) {
    const double share = law.side(side, work) / largest;
    sum += law.ridge == 2.0 ? share * share : (share > 0 ? power(share, law.ridge) : 0.0);
  }
  return law.ridge == 2.0 ? largest * std::sqrt(sum) : largest * power(sum, 1.0 / law.ridge);
}

/// Where x lies among the knots, in the logarithm: the lower knot and the share of the way to the next.
struct Place {
  std::size_t index = 0;
  double share = 0;
};
Place place_of(const std::vector<double>& knots, double x) {
  if (knots.size() < 2 || x <= knots.front()) return {};
  if (x >= knots.back()) return {knots.size() - 2, 1};
  const auto above = std::upper_bound(knots.begin(), knots.end(), x);
  const auto i = static_cast<std::size_t>(above - knots.begin()) - 1;
  return {i, natural_log(x / knots[i]) / natural_log(knots[i + 1] / knots[i])};
}

double correction_of(const Law& law, const Work& work) {
  const Correction& c = law.correction;
  if (c.factors.empty()) return 1;
  const Place x = place_of(c.x_knots, value_of(c.x, law, {}, work));
  const Place y = c.y_knots.empty() ? Place{} : place_of(c.y_knots, value_of(c.y, law, {}, work));
  const std::size_t width = std::max<std::size_t>(1, c.y_knots.size());
  const auto at = [&](std::size_t i, std::size_t j) {
    return natural_log(c.factors[std::min(i, c.x_knots.size() - 1) * width + std::min(j, width - 1)]);
  };
  const double low = at(x.index, y.index) * (1 - y.share) + at(x.index, y.index + 1) * y.share;
  const double high = at(x.index + 1, y.index) * (1 - y.share) + at(x.index + 1, y.index + 1) * y.share;
  return exponential(low * (1 - x.share) + high * x.share);
}

bool within_twice(const Interval& trained, double x) {
  return trained.high <= 0 || (x >= trained.low / 2 && x <= trained.high * 2);
}

}  // namespace

std::string_view name_of(Feature feature) { return kNames[static_cast<std::size_t>(feature)]; }

double value_of(Feature feature, const Law& law, const Term& term, const Work& w) {
  switch (feature) {
    case Feature::flops:
      return w.flops;
    case Feature::flops_per_m:
      return ratio(w.flops, w.m);
    case Feature::flops_per_n:
      return ratio(w.flops, w.n);
    case Feature::flops_per_k:
      return ratio(w.flops, w.k);
    case Feature::wave_flops:
      return wave_flops(law.tile, w);
    case Feature::bytes:
      return w.bytes;
    case Feature::bytes_segment:
      return segment_of(law.knots, term.segment, w.bytes);
    case Feature::operations:
      return w.operations;
    case Feature::operations_share:
      return ratio(w.operations, w.depth);
    case Feature::bytes_share:
      return ratio(w.bytes, w.depth);
    case Feature::sequences:
      return w.sequences;
    case Feature::m:
      return w.m;
  }
  return 0;
}

double Law::side(const Side& side, const Work& work) const {
  double sum = 0;
  for (const Term& term : side.terms) sum += term.seconds * value_of(term.feature, *this, term, work);
  return sum;
}

Seconds Law::time(const Work& work) const {
  return Seconds((fixed + p_norm(sides, *this, work)) * correction_of(*this, work));
}

bool Law::covers(const Work& work) const { return within_twice(flops, work.flops) && within_twice(bytes, work.bytes); }

}  // namespace tiersim::calib
