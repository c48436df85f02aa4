#pragma once
/// A small chart with two logarithmic axes, or shares over a logarithmic one, as SVG text: points with labels, lines, a
/// legend.
///
/// Called by whoever shows points over several decades: a roofline, measured against predicted. Axes span all points
/// and the bends of lines, and begin and end at 1, 2 or 5 (ends of lines may lie outside: they are cut off). Points and
/// lines must be positive; points that are not are left out. Shares go from 0 to 100%, evenly. Series differ by colour
/// and by marker. A label stands where it covers neither marker, line nor other label, the nearest such place to its
/// point, with a leader where that is not beside it; where there is none it is left away, and the point's name still
/// shows where a viewer has tooltips. Points that come first are labelled first; of points of one name in the same
/// place, as series may have them, the first is labelled.
///
/// Cost: O(points x labels); deterministic, the same bytes everywhere. Text is escaped; widths are estimated for a
/// sans-serif font, since SVG leaves the font to the viewer.
#include <string>
#include <vector>

namespace tiersim {

struct PlotPoint {
  double x = 0, y = 0;
  std::string name;
  bool labelled = true;
};

struct PlotSeries {
  std::string name;
  std::vector<PlotPoint> points;
};

struct PlotLine {
  std::string name;               ///< in the legend
  std::vector<PlotPoint> points;  ///< from left to right; straight between them; their names do not show
};

struct LogPlot {
  std::string title;
  std::string x_title, y_title;  ///< with units
  std::vector<PlotSeries> series;
  std::vector<PlotLine> lines;  ///< in colours where there are no series
  bool shares = false;          ///< y is a share, from 0 to 1
};

[[nodiscard]] std::string svg_of(const LogPlot& plot);

}  // namespace tiersim
