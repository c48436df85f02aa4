// The chart as SVG: places of points, what is left out, escapes, labels that do not cover each other.
#include "sim/report/svg_plot.hpp"

#include <doctest/doctest.h>

#include "sim/report/label_places.hpp"

using namespace tiersim;

namespace {

LogPlot plot_of(std::vector<PlotPoint> points) { return {"title", "x", "y", {{"series", std::move(points)}}, {}}; }

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("do axes begin and end at round numbers, and points stand at their logarithms?") {
  // The area is 92 to 1060 across and 52 to 560 down. With a quarter of air 1 to 100, and 1 to 100 tera.
  const std::string svg =
      svg_of(plot_of({{1.25, 80e12, "ends"}, {80, 1.25e12, "ends"}, {10, 31.6227766e12, "inside"}}));
  CHECK(svg.find("cx=\"576.0\" cy=\"179.0\"") != std::string::npos);  // half and three quarters of the way
  for (const char* tick : {">1<", ">10<", ">100<", ">1 T<", ">10 T<", ">100 T<"}) CHECK(count_of(svg, tick) == 1);
}

TEST_CASE("are points that have no logarithm left out?") {
  const std::string svg = svg_of(plot_of({{0, 1, "none"}, {1, -1, "none"}, {1, 1, "some"}}));
  CHECK(count_of(svg, "<circle") == 2);  // the point and the legend's
  CHECK(svg.find("none<") == std::string::npos);
}

TEST_CASE("are names escaped?") {
  const std::string svg = svg_of(plot_of({{1, 1, "a < b & \"c\""}}));
  CHECK(svg.find("a &lt; b &amp; &quot;c&quot;") != std::string::npos);
  CHECK(svg.find("a < b") == std::string::npos);
}

TEST_CASE("does the bend of a line lie within the axes, and its ends need not?") {
  LogPlot plot = plot_of({{5, 5, "a"}});
  plot.lines.push_back({"roof", {{1e-9, 1e-9, {}}, {500, 500, {}}, {1e9, 500, {}}}});
  const std::string svg = svg_of(plot);
  CHECK(count_of(svg, ">100<") == 2);  // of both axes, which end at 1000, the first round number with air
  CHECK(count_of(svg, ">1 k<") == 2);
  CHECK(svg.find(">10 k<") == std::string::npos);
  CHECK(svg.find("<polyline") != std::string::npos);
}

TEST_CASE("does each label find the nearest place where it covers nothing?") {
  LabelPlaces places({0, 0, 200, 100});
  places.cover({45, 45, 55, 55});
  const auto first = places.place(50, 50, 60, 12), second = places.place(50, 50, 60, 12);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->box.left == 58);  // 8 to the right
  CHECK(first->box.top == 44);
  CHECK(second->box.bottom == 42);  // to the left it would leave the area: above
  CHECK_FALSE(first->box.overlaps(second->box));
}

TEST_CASE("is a label for which there is no room left away, and its name kept?") {
  std::vector<PlotPoint> crowd;
  for (int i = 100; i < 400; ++i) crowd.push_back({1, 1, "operator " + std::to_string(i)});
  const std::string svg = svg_of(plot_of(crowd));
  CHECK(count_of(svg, "<title>series: operator") == 300);
  const std::size_t labels = count_of(svg, ">operator");
  CHECK(labels > 3);
  CHECK(labels < 60);
}

TEST_CASE("is a point that two series have in the same place labelled once?") {
  LogPlot plot = plot_of({{1, 1, "both"}});
  plot.series.push_back({"other", {{1.001, 1, "both"}, {10, 1, "both"}}});
  CHECK(count_of(svg_of(plot), ">both</text>") == 2);
}
