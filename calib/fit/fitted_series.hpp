#pragma once
/// A series with its law: what calibration hands to those who summarise it. Plain data.
#include <string_view>
#include <vector>

#include "calib/fit/split.hpp"
#include "calib/profile_laws.hpp"

namespace tiersim::calib {

struct FittedSeries {
  Law law;
  Split split;
};
using FittedSeriesList = std::vector<FittedSeries>;

/// The series of this kernel; of several variants the first of `variants` that there is, else the first measured. Null
/// if there is none.
[[nodiscard]] const FittedSeries* find_series(const FittedSeriesList& all, std::string_view family,
                                              std::string_view kernel,
                                              const std::vector<std::string_view>& variants = {});

/// The types in which a machine mostly computes first (a host's processors in fp32), then what uses all of it.
[[nodiscard]] const std::vector<std::string_view>& usual_variants(bool is_host);

}  // namespace tiersim::calib
