#include "sim/report/svg_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/core/mathematics.hpp"
#include "sim/report/label_places.hpp"

namespace tiersim {
namespace {

constexpr double kWidth = 1080, kLeastHeight = 720;
constexpr Box kArea{92, 52, 1060, 560};
constexpr double kLegend = 74, kRow = 19;  // below the area; of the legend
constexpr double kPen = 1.5;
constexpr double kMarker = 5, kCharacter = 6.6, kLine = 13;  // half a marker; of labels in 11 px, wide fonts too
// Told apart by people with any colour vision (Okabe and Ito, 2008).
constexpr std::array kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};

double log10_of(double x) { return natural_log(x) / natural_log(10); }
double ten_to(double exponent) { return power(10, exponent); }

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

/// 1, 2 or 5 times a power of ten: the largest that is not above x, or the smallest that is not below.
double round_number(double x, bool up) {
  constexpr double kSlack = 1e-9;  // a round number is its own
  const double decade = ten_to(std::floor(log10_of(x)) - 1);
  double below = decade;
  for (const double step : {2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0}) {
    const double next = step * decade;
    if (up ? next >= x * (1 - kSlack) : next > x * (1 + kSlack)) return up ? next : below;
    below = next;
  }
  return below;
}

/// One axis: what it spans, in decimal logarithms; or shares, from 0 to 1.
class Axis {
 public:
  explicit Axis(bool shares = false) : shares_(shares) {}
  void include(double x) {
    least_ = any_ ? std::min(least_, x) : x, most_ = any_ ? std::max(most_, x) : x;
    any_ = true;
  }
  /// When all is included: round ends, with some air.
  void finish() {
    constexpr double kAir = 1.25;
    low_ = log10_of(round_number(least_ / kAir, false)), high_ = log10_of(round_number(most_ * kAir, true));
  }
  /// From 0 at the low end to 1.
  [[nodiscard]] double share(double x) const { return shares_ ? x : (log10_of(x) - low_) / (high_ - low_); }
  [[nodiscard]] bool shows(double x) const {
    constexpr double kSlack = 1e-9;
    return share(x) >= -kSlack && share(x) <= 1 + kSlack;
  }
  [[nodiscard]] int first_decade() const { return static_cast<int>(std::floor(low_)); }
  [[nodiscard]] int last_decade() const { return static_cast<int>(std::ceil(high_)); }

 private:
  double least_ = 1, most_ = 1, low_ = 0, high_ = 1;
  bool any_ = false, shares_;
};

/// "0.01", "10", "100 G"
std::string decade_text(int exponent) {
  constexpr std::array kPrefixes = {"", " k", " M", " G", " T", " P"};
  const auto thousands = static_cast<std::size_t>(std::max(0, exponent)) / 3;
  if (exponent < -4 || thousands >= kPrefixes.size()) return fmt::format("1e{}", exponent);
  return exponent < 0 ? fmt::format("{:g}", ten_to(exponent))
                      : fmt::format("{:.0f}{}", ten_to(exponent % 3), kPrefixes[thousands]);
}

class Drawing {
 public:
  explicit Drawing(const LogPlot& plot) : plot_(plot), y_(plot.shares), places_(kArea) {
    for (const PlotSeries& s : plot.series)
      for (const PlotPoint& p : s.points) include(p);
    for (const PlotLine& line : plot.lines)
      for (std::size_t i = 1; i + 1 < line.points.size(); ++i) include(line.points[i]);
    x_.finish(), y_.finish();
  }

  std::string take() {
    out_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
        "font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\">\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n"
        "<clipPath id=\"area\"><rect x=\"{2}\" y=\"{3}\" width=\"{4}\" height=\"{5}\"/></clipPath>\n",
        kWidth, height(), kArea.left, kArea.top, kArea.right - kArea.left, kArea.bottom - kArea.top);
    text(kArea.left, kArea.top - 22, plot_.title, "font-size=\"15\" font-weight=\"bold\"");
    axes();
    for (std::size_t i = 0; i < plot_.lines.size(); ++i) line(i);
    for (std::size_t i = 0; i < plot_.series.size(); ++i)
      for (const PlotPoint& p : plot_.series[i].points) point(p, i);
    for (std::size_t i = 0; i < plot_.series.size(); ++i)
      for (const PlotPoint& p : plot_.series[i].points) label(p, i);
    legend();
    return out_ + "</svg>\n";
  }

 private:
  [[nodiscard]] bool shows(const PlotPoint& p) const { return p.x > 0 && (p.y > 0 || plot_.shares); }
  void include(const PlotPoint& p) {
    if (shows(p)) x_.include(p.x), y_.include(p.y);
  }
  [[nodiscard]] double across(double x) const { return kArea.left + x_.share(x) * (kArea.right - kArea.left); }
  [[nodiscard]] double down(double y) const { return kArea.bottom - y_.share(y) * (kArea.bottom - kArea.top); }

  void text(double x, double y, const std::string& words, const std::string& how = {}) {
    out_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, how, escaped(words));
  }
  void stroke(double x1, double y1, double x2, double y2, const char* colour) {
    out_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n", x1, y1, x2,
                        y2, colour);
  }

  void axes() {
    constexpr const char *kDecade = "#c8c8c8", *kBetween = "#efefef";
    for (int d = x_.first_decade(); d <= x_.last_decade(); ++d) {
      for (int i = 2; i <= 9; ++i) vertical(i * ten_to(d), kBetween);
      if (!x_.shows(ten_to(d))) continue;
      vertical(ten_to(d), kDecade);
      text(across(ten_to(d)), kArea.bottom + 18, decade_text(d), "text-anchor=\"middle\"");
    }
    plot_.shares ? shares(kBetween) : decades(kDecade, kBetween);
    out_ += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"{}\"/>\n",
                        kArea.left, kArea.top, kArea.right - kArea.left, kArea.bottom - kArea.top, kDecade);
    const double middle_x = (kArea.left + kArea.right) / 2, middle_y = (kArea.top + kArea.bottom) / 2;
    text(middle_x, kArea.bottom + 42, plot_.x_title, "text-anchor=\"middle\"");
    text(22, middle_y, plot_.y_title,
         fmt::format("text-anchor=\"middle\" transform=\"rotate(-90 22 {:.1f})\"", middle_y));
  }
  void decades(const char* decade, const char* between) {
    for (int d = y_.first_decade(); d <= y_.last_decade(); ++d) {
      for (int i = 2; i <= 9; ++i) horizontal(i * ten_to(d), between);
      if (!y_.shows(ten_to(d))) continue;
      horizontal(ten_to(d), decade);
      text(kArea.left - 8, down(ten_to(d)) + 4, decade_text(d), "text-anchor=\"end\"");
    }
  }
  void shares(const char* colour) {
    for (int tenths = 0; tenths <= 10; ++tenths) {
      horizontal(tenths / 10.0, colour);
      text(kArea.left - 8, down(tenths / 10.0) + 4, fmt::format("{}%", 10 * tenths), "text-anchor=\"end\"");
    }
  }
  void vertical(double x, const char* colour) {
    if (x_.shows(x)) stroke(across(x), kArea.top, across(x), kArea.bottom, colour);
  }
  void horizontal(double y, const char* colour) {
    if (y_.shows(y)) stroke(kArea.left, down(y), kArea.right, down(y), colour);
  }

  static const char* dashes(std::size_t line) {
    constexpr std::array kDashes = {"none", "8 4", "2 3", "8 3 2 3"};
    return kDashes[line % kDashes.size()];
  }

  static const char* colour(std::size_t series) { return kColours[series % kColours.size()]; }
  [[nodiscard]] const char* ink(std::size_t line) const { return plot_.series.empty() ? colour(line) : "#333"; }

  void line(std::size_t number) {
    const std::vector<PlotPoint>& points = plot_.lines[number].points;
    std::string path;
    for (std::size_t i = 0; i < points.size(); ++i) {
      path += fmt::format("{}{:.1f},{:.1f}", i == 0 ? "" : " ", across(points[i].x), down(points[i].y));
      if (i > 0) cover(points[i - 1], points[i]);
    }
    out_ += fmt::format(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-dasharray=\"{}\" "
        "clip-path=\"url(#area)\"/>\n",
        path, ink(number), kPen, dashes(number));
  }

  /// Keeps labels off a straight line.
  void cover(const PlotPoint& from, const PlotPoint& to) {
    constexpr double kStep = 4, kHalf = 2.5;
    const double x1 = across(from.x), y1 = down(from.y), x2 = across(to.x), y2 = down(to.y);
    const double length = std::sqrt((x2 - x1) * (x2 - x1) + (y2 - y1) * (y2 - y1));
    for (int i = 0; kStep * i <= length; ++i) {
      const double at = kStep * i;
      const double x = x1 + (x2 - x1) * at / length, y = y1 + (y2 - y1) * at / length;
      const Box box{x - kHalf, y - kHalf, x + kHalf, y + kHalf};
      if (box.overlaps(kArea)) places_.cover(box);
    }
  }

  /// Circle, square, triangle, diamond.
  static std::string marker(double x, double y, std::size_t series) {
    constexpr double r = kMarker;
    const std::string how = fmt::format("fill=\"{}\" fill-opacity=\"0.75\" stroke=\"white\"", colour(series));
    switch (series % 4) {
      case 0:
        return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" {}", x, y, r, how);
      case 1:
        return fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" {}", x - r + 0.5,
                           y - r + 0.5, 2 * r - 1, 2 * r - 1, how);
      case 2:
        return fmt::format("<polygon points=\"{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}\" {}", x, y - r - 1, x + r + 1,
                           y + r, x - r - 1, y + r, how);
      default:
        return fmt::format("<polygon points=\"{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}\" {}", x,
                           y - r - 1, x + r + 1, y, x, y + r + 1, x - r - 1, y, how);
    }
  }

  void point(const PlotPoint& p, std::size_t series) {
    if (!shows(p)) return;
    const double x = across(p.x), y = down(p.y);
    out_ += fmt::format("{}><title>{}: {}</title>", marker(x, y, series), escaped(plot_.series[series].name),
                        escaped(p.name));
    constexpr std::array kTags = {"circle", "rect", "polygon", "polygon"};
    out_ += fmt::format("</{}>\n", kTags[series % kTags.size()]);
    places_.cover({x - kMarker, y - kMarker, x + kMarker, y + kMarker});
  }

  void label(const PlotPoint& p, std::size_t series) {
    if (!shows(p) || !p.labelled) return;
    const double x = across(p.x), y = down(p.y);
    const auto is_this = [&](const Labelled& l) {
      return l.name == p.name && std::abs(l.x - x) < kMarker && std::abs(l.y - y) < kMarker;
    };
    if (std::any_of(labelled_.begin(), labelled_.end(), is_this)) return;
    const auto place = places_.place(x, y, kCharacter * static_cast<double>(p.name.size()), kLine);
    if (!place) return;
    labelled_.push_back({p.name, x, y});
    if (!place->beside) stroke(x, y, place->leader_x, place->leader_y, colour(series));
    text(place->box.left, place->box.bottom - 3, p.name,
         fmt::format("font-size=\"11\" fill=\"{}\" stroke=\"white\" stroke-width=\"3\" paint-order=\"stroke\"",
                     colour(series)));
  }

  /// With room for every row of the legend.
  [[nodiscard]] double height() const {
    const auto rows = static_cast<double>(std::max(plot_.series.size(), plot_.lines.size()));
    return std::max(kLeastHeight, kArea.bottom + kLegend + rows * kRow);
  }

  /// Below the axes: series, then lines, in columns.
  void legend() {
    const double column = plot_.series.empty() ? 0 : 484;
    double y = kArea.bottom + kLegend;
    for (std::size_t i = 0; i < plot_.series.size(); ++i, y += kRow) {
      out_ += marker(kArea.left + 14, y - 4, i) + "/>\n";
      text(kArea.left + 34, y, plot_.series[i].name);
    }
    y = kArea.bottom + kLegend;
    for (std::size_t i = 0; i < plot_.lines.size(); ++i, y += kRow) {
      out_ += fmt::format(
          "<line x1=\"{0:.1f}\" y1=\"{2:.1f}\" x2=\"{1:.1f}\" y2=\"{2:.1f}\" stroke=\"{3}\" stroke-width=\"{4}\" "
          "stroke-dasharray=\"{5}\"/>\n",
          kArea.left + column, kArea.left + column + 28, y - 4, ink(i), kPen, dashes(i));
      text(kArea.left + column + 36, y, plot_.lines[i].name);
    }
  }

  struct Labelled {
    std::string name;
    double x, y;
  };

  const LogPlot& plot_;
  Axis x_, y_;
  LabelPlaces places_;
  std::vector<Labelled> labelled_;
  std::string out_;
};

}  // namespace

std::string svg_of(const LogPlot& plot) { return Drawing(plot).take(); }

}  // namespace tiersim
