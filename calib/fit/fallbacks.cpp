#include "calib/fit/fallbacks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "calib/fit/figures.hpp"
#include "calib/fit/laws.hpp"

namespace tiersim::calib {
namespace {

constexpr const char* kAssumed = "not measured: as in the datasheet profile";

struct Share {
  const char* key;
  double Profile::*value;
  double otherwise;  ///< the datasheet profile's
  const char* family;
  std::vector<const char*> kernels;  ///< the first that was measured counts
  double Sample::*work;
  double Ceilings::*ceiling;
};

const std::vector<Share>& shares() {
  static const std::vector<Share> all = {{"gemm_efficiency",
                                          &Profile::gemm_efficiency,
                                          0.76,
                                          "gemm",
                                          {"gemm"},
                                          &Sample::flops,
                                          &Ceilings::flops_per_second},
                                         {"attention_efficiency",
                                          &Profile::attention_efficiency,
                                          0.65,
                                          "attention",
                                          {"prefill_attention"},
                                          &Sample::flops,
                                          &Ceilings::flops_per_second},
                                         {"gemm_bandwidth",
                                          &Profile::gemm_bandwidth,
                                          0.87,
                                          "gemm",
                                          {"gemv", "thin"},
                                          &Sample::bytes,
                                          &Ceilings::bytes_per_second},
                                         {"attention_bandwidth",
                                          &Profile::attention_bandwidth,
                                          0.85,
                                          "attention",
                                          {"decode_attention"},
                                          &Sample::bytes,
                                          &Ceilings::bytes_per_second},
                                         {"elementwise_bandwidth",
                                          &Profile::elementwise_bandwidth,
                                          0.6,
                                          "elementwise",
                                          {"add", "norm", "activation"},
                                          &Sample::bytes,
                                          &Ceilings::bytes_per_second}};
  return all;
}

/// Work per second on the largest point, by the law.
double rate_at_largest(const FittedSeries& series, double Sample::*work) {
  const Sample* largest = nullptr;
  for (const auto* part : {&series.split.train, &series.split.held_out}) {
    for (const Sample& sample : *part) {
      if (largest == nullptr || sample.*work > largest->*work) largest = &sample;
    }
  }
  return largest == nullptr ? 0 : largest->*work / series.law.time(work_of(*largest)).value();
}

std::string fill_share(Profile& profile, const Share& share, const FittedSeriesList& all, const Ceilings& ceilings,
                       bool is_host) {
  profile.*share.value = share.otherwise;
  const double ceiling = ceilings.*share.ceiling;
  for (const char* kernel : share.kernels) {
    const FittedSeries* series = find_series(all, share.family, kernel, usual_variants(is_host));
    if (series == nullptr || ceiling <= 0) continue;
    const double rate = rate_at_largest(*series, share.work);
    profile.*share.value = rounded_to_six(std::clamp(rate / ceiling, 0.001, 1.0));
    const bool computes = share.ceiling == &Ceilings::flops_per_second;
    return fmt::format("{}/{}/{} at its largest: {:.4g} of {:.4g} {}", share.family, kernel, series->law.variant,
                       rate / 1e9, ceiling / 1e9, computes ? "GFLOP/s" : "GB/s");
  }
  return kAssumed;
}

/// What one more operation costs; a run of a GPU's ends in a synchronisation, which is the fixed part.
Duration per_operation(const Law& law) {
  const double seconds = coefficient_of(law, Feature::operations);
  return rounded(seconds > 0 ? Seconds(seconds) : law.time({.operations = 1}));
}

std::string fill_launch(Profile& profile, const FittedSeriesList& all) {
  for (const char* kernel : {"graph_node", "launch", "fork_join"}) {
    const FittedSeries* series = find_series(all, "overhead", kernel);
    if (series == nullptr) continue;
    profile.launch = per_operation(series->law);
    return fmt::format("measured: overhead/{}", kernel);
  }
  profile.launch = Duration(2000);
  return kAssumed;
}

std::string fill_eager_launch(Profile& profile, const FittedSeriesList& all, bool is_host) {
  if (is_host) return "a host launches nothing";
  const FittedSeries* series = find_series(all, "overhead", "launch");
  profile.eager_launch = series == nullptr ? Duration(10'000) : per_operation(series->law);
  return series == nullptr ? kAssumed : "measured: overhead/launch";
}

std::string fill_step_overhead(Profile& profile, const FittedSeriesList& all) {
  const FittedSeries* series = find_series(all, "overhead", "step");
  if (series == nullptr) return "not measured";
  profile.step_overhead = per_operation(series->law);
  return "measured: overhead/step";
}

std::string fill_ridge(Profile& profile, const FittedSeriesList& all, bool is_host) {
  const FittedSeries* gemm = find_series(all, "gemm", "gemm", usual_variants(is_host));
  if (gemm == nullptr || gemm->law.sides.size() < 2) return kAssumed;
  profile.ridge_exponent = gemm->law.ridge;
  return fmt::format("of gemm/gemm/{}", gemm->law.variant);
}

}  // namespace

std::map<std::string, std::string> fill_fallbacks(Profile& profile, const FittedSeriesList& series,
                                                  const Ceilings& ceilings, bool is_host) {
  std::map<std::string, std::string> comments;
  for (const Share& share : shares()) comments[share.key] = fill_share(profile, share, series, ceilings, is_host);
  comments["ridge_exponent"] = fill_ridge(profile, series, is_host);
  comments["launch"] = fill_launch(profile, series);
  comments["eager_launch"] = fill_eager_launch(profile, series, is_host);
  comments["step_overhead"] = fill_step_overhead(profile, series);
  profile.provenance = "measured";
  profile.runtime_memory = is_host ? Bytes(0) : Bytes(800'000'000);
  comments["runtime_memory"] = is_host ? "a host has no context" : kAssumed;
  return comments;
}

}  // namespace tiersim::calib
