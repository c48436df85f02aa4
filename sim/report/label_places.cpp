#include "sim/report/label_places.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace tiersim {
namespace {

/// A straight line as small boxes, without what lies under the marker at its beginning.
std::vector<Box> leader_of(double x, double y, double to_x, double to_y) {
  constexpr double kMarker = 8, kStep = 3, kHalf = 1.5;
  const double length = std::sqrt((to_x - x) * (to_x - x) + (to_y - y) * (to_y - y));
  std::vector<Box> boxes;
  for (int i = 0; kMarker + kStep * i < length - kHalf; ++i) {
    const double at = kMarker + kStep * i;
    const double px = x + (to_x - x) * at / length, py = y + (to_y - y) * at / length;
    boxes.push_back({px - kHalf, py - kHalf, px + kHalf, py + kHalf});
  }
  return boxes;
}

}  // namespace

bool LabelPlaces::is_free(const Box& box) const {
  return box.within(area_) && std::none_of(taken_.begin(), taken_.end(), [&](const Box& t) { return t.overlaps(box); });
}

bool LabelPlaces::crosses_label(const std::vector<Box>& leader) const {
  return std::any_of(leader.begin(), leader.end(), [&](const Box& part) {
    return std::any_of(labels_.begin(), labels_.end(), [&](const Box& label) { return label.overlaps(part); });
  });
}

std::optional<LabelPlaces::Place> LabelPlaces::place(double x, double y, double width, double height) {
  // Right, left, above, below, then the corners; from ring to ring farther away.
  constexpr std::array<std::pair<int, int>, 8> kSides = {
      {{1, 0}, {-1, 0}, {0, -1}, {0, 1}, {1, -1}, {1, 1}, {-1, -1}, {-1, 1}}};
  constexpr std::array kRings = {8.0, 14.0, 24.0, 36.0, 52.0, 70.0};
  constexpr double kBeside = 14.0;
  for (const double gap : kRings) {
    for (const auto& [right, down] : kSides) {
      const double middle_x = x + right * (gap + width / 2), middle_y = y + down * (gap + height / 2);
      const Box box{middle_x - width / 2, middle_y - height / 2, middle_x + width / 2, middle_y + height / 2};
      const Place place{box, gap <= kBeside, std::clamp(x, box.left, box.right), std::clamp(y, box.top, box.bottom)};
      const std::vector<Box> leader =
          place.beside ? std::vector<Box>() : leader_of(x, y, place.leader_x, place.leader_y);
      if (!is_free(box) || crosses_label(leader)) continue;
      cover(box);
      labels_.push_back(box);
      for (const Box& part : leader) cover(part);
      return place;
    }
  }
  return {};
}

}  // namespace tiersim
