#include "tools/tiersim/explain_plot.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/report/human.hpp"

namespace tiersim::cli {
namespace {

constexpr double kLabelled = 0.01;  // of the step's time

PlotSeries series_of(const StepView& view) {
  PlotSeries series{fmt::format("{}: {}", view.batch.name, view.batch.what), {}};
  std::vector<const ExplainedOperator*> longest;
  for (const ExplainedOperator& o : view.step.operators)
    if (!is_communication(o.op.kind) && o.op.flops > Flops(0)) longest.push_back(&o);
  std::stable_sort(longest.begin(), longest.end(),
                   [](const auto* a, const auto* b) { return a->time.total() > b->time.total(); });
  for (const ExplainedOperator* o : longest) {
    const Seconds time = o->time.total();
    series.points.push_back({o->intensity(), (o->flops() / FlopsPerSecond(1)) / time, o->op.name,
                             time / view.step.time.total() >= kLabelled});
  }
  return series;
}

PlotLine roof(const char* type, FlopsPerSecond peak, BytesPerSecond bandwidth) {
  constexpr double kFar = 1e9;
  const double ridge = peak.value() / bandwidth.value();
  return {fmt::format("peak in {}: {}FLOP/s; memory: {}/s", type, human::prefixed(peak.value()),
                      human::bytes(bandwidth.value())),
          {{ridge / kFar, peak.value() / kFar, {}}, {ridge, peak.value(), {}}, {ridge * kFar, peak.value(), {}}}};
}

/// One for each type in use that has a peak of its own.
std::vector<PlotLine> roofs(const ServingSettings& s) {
  const hw::GpuSpec& gpu = s.machine.gpu;
  std::vector<PlotLine> lines{roof("16 bits", gpu.half_peak(), gpu.memory_bandwidth)};
  const auto in_use = [&](std::string_view type) {
    return s.model.weight_type == type || s.model.expert_weight_type == type || s.model.kv_type == type;
  };
  const auto add = [&](std::string_view type, const char* name, hw::NumberType number) {
    if (in_use(type) && gpu.peak(number).value() > 0)
      lines.push_back(roof(name, gpu.peak(number), gpu.memory_bandwidth));
  };
  add("fp8", "fp8", hw::NumberType::fp8);
  add("int8", "int8", hw::NumberType::int8);
  add("mxfp4", "fp4", hw::NumberType::fp4);
  return lines;
}

}  // namespace

LogPlot roofline_plot(const std::vector<StepView>& steps, const ResolvedScenario& scenario) {
  const ServingSettings& s = scenario.settings;
  LogPlot plot{
      fmt::format("{} on {}, one {} (profile {})", s.model.name, s.machine.name, s.machine.gpu.name, s.profile.name),
      "arithmetic intensity (FLOP/B)",
      "rate reached (FLOP/s)",
      {},
      roofs(s)};
  for (const StepView& view : steps) plot.series.push_back(series_of(view));
  return plot;
}

}  // namespace tiersim::cli
