#include "calib/profile.hpp"

#include <algorithm>
#include <iterator>

#include "calib/profile_measured.hpp"

namespace tiersim::calib {

Profile read_profile(config::Fields& fields) {
  using config::Range;
  // An efficiency of zero would stop the clock of the cost model.
  constexpr Range kEfficiency{0.001, 1}, kDelay{0, 1e12};
  Profile p;
  p.name = fields.text("name");
  p.provenance = fields.choice("provenance", {"datasheet", "measured"});
  p.gemm_efficiency = fields.fraction("gemm_efficiency", {}, kEfficiency);
  p.attention_efficiency = fields.fraction("attention_efficiency", {}, kEfficiency);
  p.gemm_bandwidth = fields.fraction("gemm_bandwidth", {}, kEfficiency);
  p.attention_bandwidth = fields.fraction("attention_bandwidth", {}, kEfficiency);
  p.elementwise_bandwidth = fields.fraction("elementwise_bandwidth", {}, kEfficiency);
  p.ridge_exponent = fields.number("ridge_exponent", 2, Range{1, 100});
  p.launch = fields.duration("launch", {}, kDelay);
  p.eager_launch = fields.duration("eager_launch", Duration(10'000), kDelay);
  p.step_overhead = fields.duration("step_overhead", {}, kDelay);
  p.runtime_memory = fields.bytes("runtime_memory", {}, Range{0, 1e15});
  read_measured(fields, p);
  fields.finish();
  return p;
}

std::vector<ErrorRow> family_errors(const Profile& profile) {
  std::vector<ErrorRow> out;
  std::copy_if(profile.errors.begin(), profile.errors.end(), std::back_inserter(out),
               [](const ErrorRow& row) { return row.kernel.empty() && row.variant.empty(); });
  return out;
}

}  // namespace tiersim::calib
