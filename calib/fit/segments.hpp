#pragma once
/// Where the time per byte changes with size: knots among the sizes that were measured.
///
/// Starting from a fitted form, knots are added one at a time or as a pair of neighbours (a cache's edge makes time
/// jump, which a steep segment between two sizes stands for), moved by one size and taken away again, as long as
/// information() falls. The ridge keeps its value meanwhile and is fitted anew at the end. The last segment keeps at
/// least three sizes, since it carries what lies beyond. Tens of fits a knot.
#include "calib/fit/laws.hpp"

namespace tiersim::calib {

/// `fitted` itself where it has no term in bytes, or where one segment is best.
[[nodiscard]] Fitted segmented(const Fitted& fitted, const Observations& points, std::size_t most_segments);

}  // namespace tiersim::calib
