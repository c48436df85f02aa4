#include "calib/fit/segments.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

namespace tiersim::calib {
namespace {

using Knots = std::set<std::size_t>;  // indices into the sizes

class Search {
  static constexpr std::size_t kMostPlaces = 32;  // where a new knot is tried; moving finds the sizes between

 public:
  Search(const Fitted& fitted, const Observations& points, std::size_t most_segments)
      : plain_(fitted.form), points_(points), most_knots_(most_segments - 1), best_(fitted) {
    std::set<double> sizes;
    for (const Observation& point : points) sizes.insert(point.work.bytes);
    sizes_.assign(sizes.begin(), sizes.end());
    stride_ = (sizes_.size() + kMostPlaces - 1) / kMostPlaces;
  }

  Fitted run() {
    while (try_all(larger()) || try_all(moved()) || try_all(smaller())) {
    }
    if (knots_.empty()) return best_;
    Fitted free = fit_form(best_.form, points_);
    return information(free) < information(best_) ? free : best_;
  }

 private:
  /// Takes the best of the candidates if it is better than what there is.
  bool try_all(const std::vector<Knots>& candidates) {
    bool better = false;
    for (const Knots& knots : candidates) {
      Fitted fitted = fit_form(cut(knots), points_, plain_.law.ridge);
      if (information(fitted) >= information(best_) - 1e-6) continue;
      best_ = std::move(fitted), next_ = knots, better = true;
    }
    if (better) knots_ = next_;
    return better;
  }

  [[nodiscard]] bool may_hold(std::size_t i) const { return i >= 1 && i + 3 <= sizes_.size(); }

  [[nodiscard]] std::vector<Knots> larger() const {
    std::vector<Knots> out;
    for (std::size_t i = 1; may_hold(i); i += stride_) {
      for (std::size_t width : {0, 1, 2}) {
        Knots knots = knots_;
        knots.insert(i);
        if (may_hold(i + width)) knots.insert(i + width);
        if (knots.size() > knots_.size() && knots.size() <= most_knots_) out.push_back(std::move(knots));
      }
    }
    return out;
  }

  /// One knot a size or a stride away, or two neighbours a size each: a steep segment has both ends to move.
  [[nodiscard]] std::vector<Knots> moved() const {
    std::vector<Knots> out;
    for (auto knot = knots_.begin(); knot != knots_.end(); ++knot) {
      for (std::size_t to : {*knot - 1, *knot + 1, *knot - stride_, *knot + stride_}) try_move(out, {{*knot, to}});
      const auto next = std::next(knot);
      if (next == knots_.end()) continue;
      for (std::size_t to : {*knot - 1, *knot + 1}) {
        for (std::size_t next_to : {*next - 1, *next + 1}) try_move(out, {{*knot, to}, {*next, next_to}});
      }
    }
    return out;
  }

  void try_move(std::vector<Knots>& out, const std::vector<std::pair<std::size_t, std::size_t>>& moves) const {
    Knots knots = knots_;
    for (const auto& move : moves) knots.erase(move.first);
    for (const auto& move : moves) {
      if (may_hold(move.second)) knots.insert(move.second);
    }
    if (knots.size() == knots_.size()) out.push_back(std::move(knots));
  }

  [[nodiscard]] std::vector<Knots> smaller() const {
    std::vector<Knots> out;
    for (std::size_t knot : knots_) {
      Knots knots = knots_;
      knots.erase(knot);
      out.push_back(std::move(knots));
    }
    return out;
  }

  /// The plain form with each term in bytes replaced by one per segment.
  [[nodiscard]] Form cut(const Knots& knots) const {
    Form form = plain_;
    if (knots.empty()) return form;
    for (std::size_t i : knots) form.law.knots.push_back(sizes_[i]);
    for (Side& side : form.law.sides) {
      std::vector<Term> terms;
      for (const Term& term : side.terms) {
        const std::size_t pieces = term.feature == Feature::bytes ? knots.size() + 1 : 1;
        for (std::size_t i = 0; i < pieces; ++i) {
          terms.push_back(pieces == 1 ? term : Term{Feature::bytes_segment, 0, static_cast<std::int64_t>(i)});
        }
      }
      side.terms = std::move(terms);
    }
    return form;
  }

  Form plain_;
  const Observations& points_;
  std::size_t most_knots_;
  std::vector<double> sizes_;
  std::size_t stride_ = 1;
  Knots knots_, next_;
  Fitted best_;
};

bool has_bytes(const Law& law) {
  return std::any_of(law.sides.begin(), law.sides.end(), [](const Side& side) {
    return std::any_of(side.terms.begin(), side.terms.end(), [](const Term& t) { return t.feature == Feature::bytes; });
  });
}

}  // namespace

Fitted segmented(const Fitted& fitted, const Observations& points, std::size_t most_segments) {
  if (most_segments < 2 || !has_bytes(fitted.form.law)) return fitted;
  return Search(fitted, points, most_segments).run();
}

}  // namespace tiersim::calib
