#pragma once
/// The words that every writer uses for the simulator's enumerations and names. Constant time, no state.
#include <algorithm>
#include <string>
#include <string_view>

#include "sim/serving/outcome.hpp"

namespace tiersim {

[[nodiscard]] constexpr std::string_view word_of(RequestStatus status) {
  switch (status) {
    case RequestStatus::pending:
      return "unfinished";
    case RequestStatus::completed:
      return "completed";
    case RequestStatus::rejected:
      return "rejected";
  }
  return "";
}

/// Empty for a request that was not rejected.
[[nodiscard]] constexpr std::string_view word_of(RejectReason reason) {
  switch (reason) {
    case RejectReason::none:
      return "";
    case RejectReason::never_fits:
      return "never_fits";
    case RejectReason::context_too_long:
      return "context_too_long";
  }
  return "";
}

[[nodiscard]] constexpr std::string_view word_of(MissCause cause) {
  switch (cause) {
    case MissCause::compulsory:
      return "compulsory";
    case MissCause::elsewhere:
      return "elsewhere";
    case MissCause::capacity:
      return "capacity";
    case MissCause::admission:
      return "admission";
    case MissCause::preemption:
      return "preemption";
    case MissCause::passed_over:
      return "passed_over";
  }
  return "";
}

/// A name as one part of a metric's, a column's or a dataset's: "pcie0 h2d" becomes "pcie0_h2d".
[[nodiscard]] inline std::string as_key(std::string name) {
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

}  // namespace tiersim
