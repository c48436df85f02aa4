#pragma once
/// Where the labels of a chart go: each at the nearest free place beside its point.
///
/// Called by svg_plot.cpp: everything that must not be covered is put in as a box, then labels are placed one after the
/// other, each with its leader an obstacle for the next; no leader crosses a label. Lengths in pixels, y downwards.
/// O(obstacles x places) a label.
#include <optional>
#include <vector>

namespace tiersim {

struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
  [[nodiscard]] bool overlaps(const Box& o) const {
    return left < o.right && o.left < right && top < o.bottom && o.top < bottom;
  }
  [[nodiscard]] bool within(const Box& o) const {
    return left >= o.left && right <= o.right && top >= o.top && bottom <= o.bottom;
  }
};

class LabelPlaces {
 public:
  explicit LabelPlaces(const Box& area) : area_(area) {}
  void cover(const Box& box) { taken_.push_back(box); }

  struct Place {
    Box box;
    bool beside = true;                 ///< near enough to need no leader
    double leader_x = 0, leader_y = 0;  ///< where the leader from the point ends
  };
  /// For a label of this size beside a point; what it takes is covered from then on.
  std::optional<Place> place(double x, double y, double width, double height);

 private:
  [[nodiscard]] bool is_free(const Box& box) const;
  [[nodiscard]] bool crosses_label(const std::vector<Box>& leader) const;

  Box area_;
  std::vector<Box> taken_, labels_;
};

}  // namespace tiersim
