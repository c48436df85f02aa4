#include "calib/fit/fitted_series.hpp"

#include <algorithm>

namespace tiersim::calib {

const FittedSeries* find_series(const FittedSeriesList& all, std::string_view family, std::string_view kernel,
                                const std::vector<std::string_view>& variants) {
  const FittedSeries* best = nullptr;
  std::ptrdiff_t best_rank = 0;
  for (const FittedSeries& series : all) {
    if (series.law.family != family || series.law.kernel != kernel) continue;
    const auto rank = std::find(variants.begin(), variants.end(), series.law.variant) - variants.begin();
    if (best == nullptr || rank < best_rank) best = &series, best_rank = rank;
  }
  return best;
}

const std::vector<std::string_view>& usual_variants(bool is_host) {
  static const std::vector<std::string_view> of_host = {"fp32", "bf16", "all threads"};
  static const std::vector<std::string_view> of_gpu = {"bf16", "fp16", "fp32", "pinned"};
  return is_host ? of_host : of_gpu;
}

}  // namespace tiersim::calib
