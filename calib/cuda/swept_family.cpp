#include "calib/cuda/swept_family.hpp"

#include <algorithm>

namespace tiersim::calib {
namespace {

constexpr double kFillRate = 4e11;  // B/s: buffers allocated and filled, results read back
constexpr double kCheck = 0.01;     // s: a reference on the host
constexpr int kDraws = 64;          // until a point fits

}  // namespace

bool SweptFamily::fits(const Point& point) const {
  return sizes_.load(point).allocated <= static_cast<double>(setup_.device.usable_bytes());
}

std::vector<Point> SweptFamily::grid() const {
  std::vector<Point> points;
  for (const Sweep& sweep : sizes_.sweeps) {
    for (Point& point : points_of(sweep)) {
      sizes_.finish(point);
      if (fits(point)) points.push_back(std::move(point));
    }
  }
  return points;
}

Point SweptFamily::draw(const Sweep& sweep, Rng& rng) const {
  Point point = fresh_point(sweep, rng);
  sizes_.finish(point);
  return point;
}

/// Evenly over the sweeps, however few points there are.
std::vector<Point> SweptFamily::fresh(Rng& rng, std::size_t count) const {
  const auto& sweeps = sizes_.sweeps;
  if (sweeps.empty()) return {};
  const std::size_t first = rng.below(sweeps.size());
  std::vector<Point> points;
  for (std::size_t i = 0; i < count; ++i) {
    const Sweep& sweep = sweeps[(first + i * sweeps.size() / count) % sweeps.size()];
    Point point = draw(sweep, rng);
    for (int again = 0; again < kDraws && !fits(point); ++again) point = draw(sweep, rng);
    if (fits(point)) points.push_back(std::move(point));
  }
  return points;
}

Family::Estimate SweptFamily::estimate(const Point& point) const {
  const Load load = sizes_.load(point);
  const double run = std::max({load.at_least, load.bytes / setup_.device.expected_bytes_per_second(),
                               load.flops / setup_.device.expected_flops_per_second()});
  return {run, load.allocated / kFillRate + kCheck};
}

}  // namespace tiersim::calib
