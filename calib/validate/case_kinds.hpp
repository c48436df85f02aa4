#pragma once
/// The kinds of cases; see calib/validate/case.hpp. Called by case.cpp alone.
///
/// Each reads its keys (finish() is the caller's), reports what is wrong, and fills in rows and points, or says why the
/// case is skipped.
#include <functional>
#include <optional>

#include "calib/fit/errors.hpp"
#include "calib/validate/case.hpp"
#include "sim/config/fields.hpp"

namespace tiersim::calib::detail {

void run_kernels_case(config::Fields& fields, const Environment& environment, CaseReport& report);
void run_serving_case(config::Fields& fields, const Environment& environment, CaseReport& report);
void run_steady_case(config::Fields& fields, const Environment& environment, CaseReport& report);

/// The path under the data folder that `key` names; empty, and the case skipped, where it is not there.
[[nodiscard]] std::string data_at(config::Fields& fields, std::string_view key, const Environment& environment,
                                  CaseReport& report);
/// The profile of the library that `key` names.
[[nodiscard]] Profile profile_at(config::Fields& fields, std::string_view key, const Environment& environment);
/// A model of the library; throws std::runtime_error for another.
[[nodiscard]] models::ModelSpec library_model(const Environment& environment, const std::string& name);
/// Calls `read` on each map of the list under `key`.
void each_map(config::Fields& fields, std::string_view key, const std::function<void(config::Fields&)>& read);

/// The scenario under `key`, after `change` has had its way with the tree.
[[nodiscard]] std::optional<ResolvedScenario> scenario_at(config::Fields& fields, std::string_view key,
                                                          const Environment& environment,
                                                          const std::vector<std::string>& overrides);

/// Relative errors of points that count for one row.
[[nodiscard]] ErrorRow pooled(const CaseReport& report, const std::string& row);

}  // namespace tiersim::calib::detail
