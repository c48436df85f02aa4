#pragma once
/// Explained steps on the roofline of their GPU (Williams et al., Roofline, 2009).
///
/// Called by explain.cpp. A point is an operator at its arithmetic intensity and the rate that it reaches, launches
/// included; those without FLOPs (copies, communication) have no place on it. The roofs are the memory's bandwidth and
/// the peaks of the number types in use: 16 bits, and those of the weights and of keys and values where the GPU has
/// rates for them. Operators below 1% of their step have no label.
#include <vector>

#include "sim/report/svg_plot.hpp"
#include "tools/tiersim/explain_view.hpp"

namespace tiersim::cli {

[[nodiscard]] LogPlot roofline_plot(const std::vector<StepView>& steps, const ResolvedScenario& scenario);

}  // namespace tiersim::cli
