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

const std::vector<std::string_view>& usual_variants() {
  static const std::vector<std::string_view> variants = {"bf16", "fp32", "fp16", "all threads", "pinned"};
  return variants;
}

}  // namespace tiersim::calib
