#include "sim/report/energy.hpp"

#include <algorithm>

namespace tiersim {
namespace {

/// Seconds of GPUs computing: of a pipeline one stage at a time. A step that straddles the window's edge counts where
/// it ends: never more than there are.
Seconds computing(const Facts& f) {
  const Seconds busy = f.end().busy.total() - f.begin().busy.total();
  const auto at_once = f.context.ranks / f.context.stages;
  return Seconds(std::min(busy.value(), f.gpu_window) * static_cast<double>(at_once));
}

}  // namespace

std::optional<Energy> energy_of(const Facts& f) {
  const PowerAndPrice& draw = f.context.power_and_price;
  if (draw.gpu.value() + draw.machine.value() == 0) return std::nullopt;
  const Seconds busy = computing(f), all(f.window * static_cast<double>(draw.gpus));
  return Energy{.gpus = draw.gpu * busy + draw.gpu_idle * (all - busy), .machine = draw.machine * Seconds(f.window)};
}

std::optional<Dollars> cost_of(const Facts& f) {
  const DollarsPerHour price = f.context.power_and_price.price;
  return price.value() == 0 ? std::nullopt : std::optional(price * Seconds(f.window));
}

}  // namespace tiersim
