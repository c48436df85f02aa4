#include "sim/serving/layerwise.hpp"

#include <algorithm>

namespace tiersim {

Time layerwise_end(const EndedFlow& flow, Duration compute, std::int64_t layers) {
  const double total = static_cast<double>(flow.bytes.value());
  const double layer_time = static_cast<double>(compute.value()) / static_cast<double>(layers);
  double end = 0;
  std::size_t i = 1;
  for (std::int64_t l = 1; l <= layers && !flow.progress.empty(); ++l) {
    const double wanted = total * static_cast<double>(l) / static_cast<double>(layers);
    while (i + 1 < flow.progress.size() && flow.progress[i].bytes < wanted) ++i;
    const ProgressPoint& to = flow.progress[std::min(i, flow.progress.size() - 1)];
    const ProgressPoint& from =
        flow.progress[std::min(i, flow.progress.size() - 1) - (flow.progress.size() > 1 ? 1 : 0)];
    const double span = to.bytes - from.bytes;
    const double share = span > 0 ? std::clamp((wanted - from.bytes) / span, 0.0, 1.0) : 1.0;
    const double arrival =
        static_cast<double>(from.time.value()) + share * static_cast<double>((to.time - from.time).value());
    end = std::max(end, arrival + static_cast<double>(layers - l + 1) * layer_time);
  }
  return Time(static_cast<std::int64_t>(end + 0.5));
}

}  // namespace tiersim
